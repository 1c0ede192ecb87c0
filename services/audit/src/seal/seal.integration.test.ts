import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createHeadReader, createVerification, type ProofLine } from '@gatehouse/audit-proof'
import { openBus } from '@gatehouse/bus'
import { STREAMS, systemClock } from '@gatehouse/contracts'
import { openDatabase, sql } from '@gatehouse/database'
import { makeSigningKey } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import { nats, postgres } from '@gatehouse/testkit'
import { type Test, test } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { proofLines } from '../proof/evidence.ts'
import { keepMonths } from '../retention/retention.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { sealAll } from '../testing/seal-all.ts'
import { publishedHeads, publishHeads } from './publish.ts'
import { localHeadSigner } from './rings.ts'

async function scene(t: Test) {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([auditSchema])
  const database = host.as(auditSchema.role)
  const signer = localHeadSigner(fixedKeyring({ make: makeSigningKey('ES256') }))
  const store = async (count: number, about: { tenant?: string; time?: string } = {}) => {
    const data = new TextEncoder().encode(messageOf(...Array.from({ length: count }, () => toolCalled({}, about))).data)
    const message = { subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }
    await storeBatch(database, [message])
  }
  /** @param meanwhile is awaited at each line, before the next one is read */
  const verify = async (external: readonly string[] = [], meanwhile?: (line: ProofLine) => Promise<unknown>) => {
    const keys = await signer.publicKeys()
    const readHead = createHeadReader(keys)
    const heads = []
    for (const jws of external) {
      const head = await readHead(jws)
      if (typeof head !== 'string') heads.push(head)
    }
    const verification = createVerification({ readHead, external: heads })
    const lines = proofLines((body) => database.asPlatform('test', body), { keys, at: new Date() })
    for await (const line of lines) {
      await verification.line(line)
      await meanwhile?.(line)
    }
    return verification.end()
  }
  return { url, host, database, signer, store, verify, deps: { database, signer, clock: systemClock } }
}

test('two sealers at once give each row one place, and no place twice', async (t) => {
  const { database, signer, store, verify, url, deps } = await scene(t)
  const other = await openDatabase(url)
  t.teardown(() => other.close())
  for (let round = 0; round < 6; round += 1) {
    for (const tenant of ['t1', 't2', 't3']) await store(50, { tenant })
    const second = { database: other.as(auditSchema.role), signer, clock: systemClock }
    await Promise.all([sealAll(deps), sealAll(second), sealAll(deps), sealAll(second)])
  }
  await sealAll(deps)
  t.match(await verify(), { findings: [], rows: 900, unsealed: 0, tenants: 3 })
  const { n } = await database.asPlatform('test', (tx) =>
    tx.one<{ n: bigint }>(sql`select count(distinct (tenant, seq)) as n from audit.events`),
  )
  t.equal(n, 900n)
})

test('a sealer that is killed in the middle leaves the log whole; the next one goes on', async (t) => {
  const { store, verify, url, deps } = await scene(t)
  for (const tenant of ['t1', 't2', 't3', 't4']) await store(2_000, { tenant })
  const child: ChildProcess = fork(new URL('../testing/seal-forever.ts', import.meta.url), [url], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  // It says when it is inside a transaction that has sealed rows and has not committed.
  await once(child, 'message')
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
  const between = await verify()
  t.same(between.findings, [])
  t.equal(between.unsealed, 8_000, 'nothing of it stayed')
  await sealAll(deps)
  t.match(await verify(), { findings: [], rows: 8_000, unsealed: 0 })
})

test('heads reach the bus, and a log that is older than they are is found', async (t) => {
  const { database, host, store, verify, deps } = await scene(t)
  const broker = await nats(t)
  const bus = await openBus(broker.url)
  t.teardown(() => bus.close())
  await bus.ensureStreams([STREAMS.auditHeads])
  await store(3)
  await sealAll(deps)
  t.equal(await publishHeads(database, bus), 2, 'of the tenant and of the list of tenants')
  await store(2)
  await sealAll(deps)
  t.equal(await publishHeads(database, bus), 2)
  t.equal(await publishHeads(database, bus), 0)
  await host
    .as('postgres')
    .asPlatform('as if it had ended before it could note that', (tx) =>
      tx.run(sql`update audit.heads set published = false`),
    )
  t.equal(await publishHeads(database, bus), 4)
  const heads = await publishedHeads(bus)
  t.equal(heads.length, 4, 'one that is published again is there once')
  t.same((await verify(heads)).findings, [])
  await host.as('postgres').asPlatform('as if it were restored from an old backup', async (tx) => {
    await tx.run(sql`delete from audit.events where seq > 3`)
    await tx.run(sql`update audit.segments set count = 3, hash = (select hash from audit.events where seq = 3)`)
    await tx.run(sql`delete from audit.heads where n > 1`)
    await tx.run(sql`update audit.chains set n = 1, hash = h.hash, listed_n = 1, listed_hash = h.hash
      from audit.heads as h where h.chain = 'tenant/t1'`)
  })
  t.same((await verify()).findings, [], 'by itself it is whole')
  t.match((await verify(heads)).findings, [{ kind: 'rolled-back' }, { kind: 'rolled-back' }, { kind: 'cut-tail' }])
})

test('months whose time is over are dropped, and what was there stays proven', async (t) => {
  const { database, store, verify, signer, deps } = await scene(t)
  const { silentLogger } = await import('@gatehouse/telemetry')
  const keeping = { database, signer, clock: systemClock, log: silentLogger }
  await keepMonths(keeping)
  const old = new Date(Date.now() - 100 * 86_400_000).toISOString()
  await store(4, { time: old })
  await store(4, { time: old, tenant: 't2' })
  await store(2, { time: new Date().toISOString() })
  await sealAll(deps)
  t.same(await keepMonths(keeping), [], 'kept for ever as long as nobody says otherwise')
  await database.asPlatform('test', (tx) => tx.run(sql`update audit.retention set months = 1 where class = 'standard'`))
  await store(1, { time: old })
  await t.rejects(keepMonths(keeping), { code: '55006' }, 'not before every row of it is sealed')
  await sealAll(deps)
  t.same(await keepMonths(keeping), [{ class: 'standard', month: old.slice(0, 7) }])
  t.match(await verify(), { findings: [], rows: 2, dropped: 9 })
  await sealAll(deps)
  t.same((await verify()).findings, [], 'once the list of tenants is signed anew as well')
  await store(1, { time: old })
  await sealAll(deps)
  t.match(await verify(), { findings: [], rows: 3, dropped: 9 }, 'one that comes late goes on with the same chain')
  await t.rejects(
    database.asPlatform('test', (tx) =>
      tx.run(sql`select audit.drop_month('standard', date_trunc('month', now())::date)`),
    ),
    { code: '55000' },
    'the service itself cannot drop what has to be kept',
  )
})

for (const [when, rows, at] of [
  ['before its first row is read', 3, ({ kind }: ProofLine) => kind === 'segment'],
  ['in the middle of its rows', 1_500, ({ kind }: ProofLine) => kind === 'row'],
] as const) {
  test(`a month that is dropped while the log is verified is not missed: ${when}`, async (t) => {
    const { database, store, verify, signer, deps } = await scene(t)
    const { silentLogger } = await import('@gatehouse/telemetry')
    const old = new Date(Date.now() - 100 * 86_400_000).toISOString()
    for (const tenant of ['t1', 't2']) {
      await store(rows, { time: old, tenant })
      await store(2, { time: new Date().toISOString(), tenant })
    }
    await sealAll(deps)
    await database.asPlatform('test', (tx) => tx.run(sql`update audit.retention set months = 1`))
    let dropped: readonly unknown[] = []
    const drop = async (line: ProofLine) => {
      if (dropped.length > 0 || !at(line)) return
      dropped = await keepMonths({ database, signer, clock: systemClock, log: silentLogger })
    }
    t.match(await verify([], drop), { findings: [], tenants: 2, rows: 4, dropped: 2 * rows })
    t.equal(dropped.length, 1)
  })
}

test('the service can neither change what was sealed nor reach around the policies', async (t) => {
  const { database, store, deps } = await scene(t)
  await store(1)
  await sealAll(deps)
  const run = (text: string) => database.asPlatform('test', (tx) => tx.run({ text, values: [] }))
  t.equal(await run(`update audit.events set seq = 7, hash = repeat('0', 64)`), 0)
  for (const text of [
    `update audit.events set tool = 'x'`,
    'delete from audit.events',
    'truncate audit.events',
    'select * from audit.events_standard',
    'select * from audit.events_standard_rest',
    'delete from audit.segments',
    `update audit.heads set jws = ''`,
  ])
    await t.rejects(run(text), { code: '42501' }, text)
})
