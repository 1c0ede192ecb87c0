import { createHeadReader, createVerification } from '@gatehouse/audit-proof'
import { systemClock } from '@gatehouse/contracts'
import { openDatabase, sql, type Tx } from '@gatehouse/database'
import { makeSigningKey } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import { silentLogger } from '@gatehouse/telemetry'
import { eventually, postgres } from '@gatehouse/testkit'
import { test, t as wholeFile } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { proofLines } from '../proof/evidence.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { localHeadSigner } from '../seal/rings.ts'
import { retention_lock, seal_try_lock } from '../seal/seal.store.ts'
import { sealAll } from '../testing/seal-all.ts'
import { keepMonths } from './retention.ts'

const { url } = await postgres(wholeFile)
const host = await openDatabase(url)
wholeFile.teardown(() => host.close())
await host.migrate([auditSchema])
const database = host.as(auditSchema.role)
const owner = host.as('postgres')
const signer = localHeadSigner(fixedKeyring({ make: makeSigningKey('ES256') }))
const deps = { database, signer, clock: systemClock, log: silentLogger }

const DAY_MS = 86_400_000
/** The first of the month that began so many months before this one. */
const monthsAgo = (months: number): Date => {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1))
}
async function store(time: Date, person: string, tenant = 't1'): Promise<void> {
  const event = toolCalled({ actor: { kind: 'person', id: person } }, { tenant, time: time.toISOString() })
  const data = new TextEncoder().encode(messageOf(event).data)
  await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])
}
const keep = (kind: string, months: number | null) =>
  database.asPlatform('test', (tx) =>
    tx.run(sql`update audit.retention set months = ${months}::integer where class = ${kind}`),
  )
const people = async () =>
  (
    await database.asPlatform('test', (tx) =>
      tx.rows<{ person: string }>(sql`select distinct person from audit.identities order by person`),
    )
  ).map(({ person }) => person)
async function findings() {
  const keys = await signer.publicKeys()
  const verification = createVerification({ readHead: createHeadReader(keys) })
  for await (const line of proofLines((body) => database.asPlatform('test', body), { keys, at: new Date() }))
    await verification.line(line)
  return verification.end().findings
}
const headCount = async () =>
  (await database.asPlatform('test', (tx) => tx.one<{ n: bigint }>(sql`select count(*) as n from audit.heads`))).n

test('a month is dropped when so many whole months after it are over, one of another class or a younger one is not', async (t) => {
  const [over, last] = [monthsAgo(3), monthsAgo(2)]
  await keepMonths(deps)
  await store(new Date(over.getTime() + DAY_MS), 'p-over')
  await store(new Date(last.getTime() - 1), 'p-last-moment')
  await store(last, 'p-first-moment')
  await store(new Date(), 'p-now')
  await sealAll(deps)
  await owner.asPlatform('test', (tx) => tx.run(sql`update audit.identities set created_at = now() - interval '1 day'`))
  await keep('security', 1)
  t.same(await keepMonths(deps), [], 'of a class without such rows')
  await keep('standard', 2)
  t.same(await keepMonths(deps), [{ class: 'standard', month: over.toISOString().slice(0, 7) }])
  t.same(await people(), ['p-first-moment', 'p-now'], 'who is in no row that is left is forgotten')
  await sealAll(deps)
  t.same(await findings(), [])
  const heads = await headCount()
  t.same(await keepMonths(deps), [], 'once')
  await sealAll(deps)
  t.equal(await headCount(), heads, 'and nothing is signed for what was dropped before')
})

/** In a transaction that has done this and is open until the returned function is called. */
function during(first: (tx: Tx) => Promise<unknown>): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const transaction = database.asPlatform('test', async (tx) => {
      await first(tx)
      await new Promise<void>((release) => {
        resolve(async () => {
          release()
          await transaction
        })
      })
    })
    transaction.catch(reject)
  })
}

test('dropping waits for a sealer that is at work, and sealers leave a log alone in which something is dropped', async (t) => {
  await store(monthsAgo(7), 'p-old')
  await sealAll(deps)
  const end = await during((tx) => seal_try_lock(tx, 'tenant/t1'))
  let dropped = false
  const dropping = keepMonths(deps).then((months) => {
    dropped = true
    return months
  })
  await eventually(20_000, 'somebody waits for the lock', async () => {
    const waiting = await owner.asPlatform('test', (tx) =>
      tx.rows(sql`select 1 from pg_locks where locktype = 'advisory' and not granted
        and database = (select oid from pg_database where datname = current_database())`),
    )
    return waiting.length > 0
  })
  t.equal(dropped, false)
  await end()
  t.equal((await dropping).length, 1)
  const endDropping = await during(retention_lock)
  t.equal(await database.asPlatform('test', (tx) => seal_try_lock(tx, 'tenant/t1')), false)
  await endDropping()
  t.equal(await database.asPlatform('test', (tx) => seal_try_lock(tx, 'tenant/t1')), true)
  t.same(await findings(), [])
})

test('the service cannot make or drop a month of its choice: only whole ones, of classes that there are, when their time is over', async (t) => {
  const run = (text: string) => database.asPlatform('test', (tx) => tx.run({ text, values: [] }))
  for (const [text, code] of [
    [`select audit.add_month('none', '2030-01-01')`, '22023'],
    [`select audit.add_month('standard', '2030-01-02')`, '22023'],
    [`select audit.drop_month('standard', date_trunc('month', now() - interval '5 months')::date + 1)`, '55000'],
    [`select audit.drop_month('standard', (date_trunc('month', now()) - interval '2 months')::date)`, '55000'],
    [`select audit.drop_month('none', '2020-01-01')`, '55000'],
    [`drop table audit.events_standard`, '42501'],
    [`alter table audit.events detach partition audit.events_standard`, '42501'],
  ] as const)
    await t.rejects(run(text), { code }, text)
})
