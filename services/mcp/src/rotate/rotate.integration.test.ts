import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Secret } from '@gatehouse/config'
import { systemClock } from '@gatehouse/contracts'
import { openDatabase } from '@gatehouse/database'
import { silentLogger } from '@gatehouse/telemetry'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { mcpSchema } from '../schema.ts'
import { openKeyrings } from '../sealers.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const SECRET = 'a secret of enough characters'

test('an operator sees and rotates the rings of mcp by a command beside a node, and the nodes follow', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([mcpSchema])
  const db = host.as(mcpSchema.role)
  const rings = openKeyrings({ db, secret: new Secret(SECRET), clock: systemClock, log: silentLogger })
  const first = await rings.session.active()
  const command = async (args: readonly string[], env: Record<string, string> = {}) => {
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], {
      env: { PATH: process.env.PATH, DATABASE_URL: url, GATEHOUSE_SECRET: SECRET, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const [out, err] = await Promise.all(
      [child.stdout, child.stderr].map(async (stream) => {
        let text = ''
        for await (const chunk of stream.setEncoding('utf8')) text += chunk
        return text
      }),
    )
    if (child.exitCode === null) await once(child, 'exit')
    return { code: child.exitCode, out: out ?? '', err: err ?? '' }
  }
  const shown = await command([])
  t.equal(shown.code, 0, shown.err)
  t.match(JSON.parse(shown.out), {
    keyrings: [{ ring: 'session', keys: [{ id: first.id, state: 'active' }] }, { ring: 'state' }, { ring: 'cursor' }],
  })
  t.notMatch(shown.out, /secret|sealed/)

  const planned = JSON.parse((await command(['session'])).out).keyrings[0]
  t.match(planned.keys, [{ id: first.id, state: 'active' }, { state: 'published' }])
  t.same(
    (await rings.session.refresh()).map(({ id }) => id),
    [first.id, planned.keys[1].id],
  )

  const now = JSON.parse((await command(['session', '--now', '--retire-others'])).out).keyrings[0]
  t.match(now.keys, [{ state: 'active' }])
  t.equal(now.keys.length, 1)
  t.not(now.keys[0].id, first.id)
  t.same(
    (await rings.session.refresh()).map(({ id }) => id),
    [now.keys[0].id],
  )

  for (const wrong of [['access'], ['session', '--retire-others']]) {
    t.equal((await command(wrong)).code, 2, wrong.join(' '))
  }
  const other = await command(['session'], { GATEHOUSE_SECRET: 'another secret of enough characters' })
  t.not(other.code, 0)
  t.match(other.err, /not the secret/)
})
