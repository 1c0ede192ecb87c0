import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '@gatehouse/cli'
import { sql } from '@gatehouse/database'
import { eventually, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { connectClient, type Running, runningHouse } from './running.ts'
import { ask, rpc } from './wire.ts'

/** A command, as an operator types it. */
async function gatehouse({ publicUrl, secrets }: Running, ...args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const status = await run(args, {
    env: { GATEHOUSE_URL: publicUrl, GATEHOUSE_ADMIN_TOKEN: secrets.adminToken },
    fetch: globalThis.fetch,
    out: (text) => void out.push(text),
    err: (text) => void err.push(text),
  })
  return { status, out: out.join('\n'), err: err.join('\n') }
}

test('the audit log by the command line, on a running system', async (t) => {
  const house = await runningHouse(t)
  const folder = temporaryFolder(t)
  const at = (name: string) => join(folder, name)
  const { accessToken } = await connectClient(house, 'member@acme.test')
  const call = (query: string) =>
    ask(
      `${house.publicUrl}${house.profile.paths.mcp}`,
      rpc(accessToken, 'tools/call', { name: 'search.global', arguments: { q: query } }),
    )
  for (const query of ['checkout', 'billing', 'export']) t.equal((await call(query)).status, 200)
  const listed = ['audit', 'list', '--tenant', 'acme', '--tool', 'search.global', '--json']
  await eventually(20_000, 'three calls in the log', async () => {
    const { out } = await gatehouse(house, ...listed)
    return JSON.parse(out).events.length === 3
  })
  await eventually(20_000, 'all sealed', async () =>
    / 0 are not sealed yet/.test((await gatehouse(house, 'audit', 'verify')).out),
  )

  await t.test('verify: an untouched log is as it was signed, and its heads can be kept', async (t) => {
    const { status, out } = await gatehouse(house, 'audit', 'verify', '--tenant', 'acme')
    t.equal(status, 0)
    t.match(out, /^\d+ rows of \d+ tenants are as they were signed; 0 more were dropped/)
    const heads = await gatehouse(house, 'audit', 'heads')
    t.equal(heads.status, 0)
    t.match(heads.out.split('\n')[0], /^[\w-]+\.[\w-]+\.[\w-]+$/, 'signed, one a line')
  })

  await t.test('export: every format is written to a new file for its owner alone, and counted', async (t) => {
    for (const [format, first] of [
      ['jsonl', /^\{"id":/],
      ['csv', /^id,|^"?time/],
      ['ocsf', /"class_uid":6003/],
      ['proof', /^\{/],
    ] as const) {
      const file = at(`log.${format}`)
      const { status, err } = await gatehouse(house, 'audit', 'export', '--format', format, '--out', file)
      t.equal(status, 0, format)
      const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
      t.match(lines[0], first, format)
      t.match(err, `${lines.length.toLocaleString('en')} lines`)
      t.equal(statSync(file).mode & 0o777, 0o600)
      t.match(await gatehouse(house, 'audit', 'export', '--format', format, '--out', file), {
        status: 2,
        err: /is there already/,
      })
    }
    t.notMatch(readFileSync(at('log.jsonl'), 'utf8'), /checkout|billing/, 'no argument is in it')
    const one = await gatehouse(house, 'audit', 'export', '--tenant', 'acme', '--tool', 'search.global')
    t.equal(one.out.split('\n').filter((line) => line.startsWith('{')).length, 3)
    const unfit = await gatehouse(house, 'audit', 'export', '--format', 'proof', '--tool', 'search.global')
    t.match(unfit, { status: 2, err: /all events/ })
  })

  await t.test('verify without a server: an export proves itself, and a changed byte is named', async (t) => {
    const kept = await gatehouse(house, 'audit', 'verify', '--export', at('log.proof'))
    t.match(kept, { status: 0, out: /as they were signed/, err: /keys are those of the export itself/ })
    const text = readFileSync(at('log.proof'), 'utf8')
    writeFileSync(at('changed.proof'), text.replace('search.global', 'search.globaI'))
    t.match(await gatehouse(house, 'audit', 'verify', '--export', at('changed.proof')), { status: 1, out: /./ })
    t.match(await gatehouse(house, 'audit', 'verify', '--export', at('nowhere')), { status: 2, err: /cannot read/ })
  })

  await t.test('retention and erasure: said in words, and the log stays proven', async (t) => {
    t.match(await gatehouse(house, 'audit', 'retention'), { status: 0, out: /^CLASS +KEPT\n/ })
    const kind = JSON.parse((await gatehouse(house, 'audit', 'retention', '--json')).out).retention[0].class
    t.match(await gatehouse(house, 'audit', 'keep', kind, '18'), { status: 0, out: /are kept 18 months\./ })
    t.match(await gatehouse(house, 'audit', 'keep', kind, 'forever'), { status: 0, out: /are kept for ever\./ })
    t.match(await gatehouse(house, 'audit', 'keep', kind, '0'), { status: 2, err: /number of months, or "forever"/ })
    t.match(await gatehouse(house, 'audit', 'keep', 'no-class', '3'), { status: 1 })
    t.match(await gatehouse(house, 'audit', 'erase', 'nobody'), { status: 0, out: /Nobody of that id/ })
    const { events } = JSON.parse((await gatehouse(house, ...listed)).out)
    t.match(await gatehouse(house, 'audit', 'erase', events[0].actor.id), { status: 0, out: /^Erased from \d+ logs\./ })
    const after = JSON.parse((await gatehouse(house, ...listed)).out).events
    t.equal(after.length, 3, 'what was done stays')
    t.notMatch(JSON.stringify(after), events[0].actor.id)
    t.match(await gatehouse(house, 'audit', 'verify'), { status: 0, out: /as they were signed/ })
  })

  await t.test('verify: what somebody changed in the database is found, ends with 1 and is named', async (t) => {
    const owner = house.parts.host.as('postgres')
    const before = await owner.asPlatform('test', (tx) =>
      tx.one<{ id: string }>(sql`
        update audit.events set outcome = 'failed'
        where id = (select id from audit.events where tool = 'search.global' limit 1) returning id`),
    )
    const found = await gatehouse(house, 'audit', 'verify', '--tenant', 'acme')
    t.equal(found.status, 1)
    t.match(found.out, before.id)
    t.match(found.err, /the log is not what was signed: 1 findings/)
  })
})
