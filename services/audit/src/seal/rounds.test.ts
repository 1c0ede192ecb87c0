import { systemClock } from '@gatehouse/contracts'
import { type Database, DatabaseUnavailable, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { makeSigningKey } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import { createMetrics } from '@gatehouse/telemetry'
import { eventually } from '@gatehouse/testkit'
import { test, t as wholeFile } from 'tap'
import { auditSchema } from '../schema.ts'
import { sealAll } from '../testing/seal-all.ts'
import { watchBacklog } from './backlog.ts'
import { localHeadSigner } from './rings.ts'
import { unsealed_waiting } from './seal.store.ts'
import { sealRound, shareOf } from './seal.ts'

const host = await testDatabase(wholeFile, [auditSchema])
const database = host.as(auditSchema.role)
const owner = host.as('postgres')
const deps = {
  database,
  signer: localHeadSigner(fixedKeyring({ make: makeSigningKey('ES256') })),
  clock: systemClock,
}

const store = (tenant: string, count: number, ageSeconds = 0) =>
  owner.asPlatform('test', (tx) =>
    tx.run(sql`
      insert into audit.events (id, tenant, class, time, received, type, source)
      select gen_random_uuid(), ${tenant}, 'standard', now(), now() - ${ageSeconds}::integer * interval '1 second', 'x', '/x'
      from generate_series(1, ${count}::integer)`),
  )
const waiting = () => database.asPlatform('test', unsealed_waiting)
const unsealed = async (): Promise<Readonly<Record<string, number>>> => {
  const rows = await database.asPlatform('test', (tx) =>
    tx.rows<{ tenant: string; n: bigint }>(
      sql`select tenant, count(*) as n from audit.events where seq is null group by tenant`,
    ),
  )
  return Object.fromEntries(rows.map(({ tenant, n }) => [tenant, Number(n)]))
}

test('who waits shares a round evenly, and nobody has so little that it is mostly heads', async (t) => {
  for (const [tenants, rows] of [
    [0, 5_000],
    [1, 5_000],
    [2, 2_500],
    [20, 250],
    [100, 50],
    [5_000, 50],
  ] as const)
    t.equal(shareOf(tenants), rows, `${tenants} tenants`)
})

test('a tenant with a backlog has one turn a round: whoever comes after it in the list is sealed in the same round', async (t) => {
  await store('a-large', 2_600)
  await store('z-small', 3)
  t.match(await waiting(), [{ tenant: 'a-large' }, { tenant: 'z-small' }])
  t.same(await sealRound(deps, await waiting()), { sealed: 2_503, more: true, faults: [] })
  t.same(await unsealed(), { 'a-large': 100 })
  const { listed } = await database.asPlatform('test', (tx) =>
    tx.one<{ listed: bigint }>(sql`select count(*) as listed from audit.chains where listed_n = n`),
  )
  t.equal(listed, 2n, 'the head of the platform does not wait for the end of the backlog')
  await store('m-new', 1)
  t.same(await sealRound(deps, await waiting()), { sealed: 101, more: false, faults: [] })
  t.same(await unsealed(), {})
  t.same(await waiting(), [])
})

test('rows that cannot be sealed hold up nobody else; a database that is away is not asked for each tenant', async (t) => {
  await owner.asPlatform('test', (tx) =>
    tx.run(sql`alter table audit.events add constraint broken check (tenant <> 'b-broken' or seq is null)`),
  )
  for (const tenant of ['a', 'b-broken', 'c']) await store(tenant, 2)
  const round = await sealRound(deps, await waiting())
  t.match(round, { sealed: 4, more: false, faults: [{ code: '23514' }] })
  t.same(await unsealed(), { 'b-broken': 2 })
  await owner.asPlatform('test', (tx) => tx.run(sql`alter table audit.events drop constraint broken`))
  await store('a', 1)
  let asked = 0
  const away: Database = {
    ...database,
    async asPlatform() {
      asked += 1
      throw new DatabaseUnavailable(new Error('away'))
    },
  }
  const two = await waiting()
  t.equal(two.length, 2)
  await t.rejects(sealRound({ ...deps, database: away }, two), DatabaseUnavailable)
  t.equal(asked, 1)
  t.equal(await sealAll(deps), 3)
})

test('how much is unsealed is told, and for how long; its age grows while nobody can look', async (t) => {
  const metrics = createMetrics({ process: false })
  let later = 0
  let isAway = false
  const sometimes: Database = {
    ...database,
    async asPlatform(purpose, body) {
      if (isAway) throw new DatabaseUnavailable(new Error('away'))
      return database.asPlatform(purpose, body)
    },
  }
  const backlog = watchBacklog(sometimes, { now: () => Date.now() + later }, metrics)
  t.teardown(() => backlog.stop())
  const told = async (name: string): Promise<number> =>
    Number(new RegExp(`^${name} (\\S+)$`, 'm').exec((await metrics.expose()).body)?.[1])
  const age = () => told('gatehouse_audit_unsealed_age_seconds')
  await store('young', 3)
  await store('old', 1, 40)
  const seen = await backlog.look()
  t.match(
    seen.map(({ tenant }) => tenant),
    ['old', 'young'],
  )
  t.equal(await told('gatehouse_audit_unsealed'), 4)
  t.ok((await age()) >= 40 && (await age()) < 100, `${await age()} s: that of the oldest`)
  isAway = true
  later = 1_000_000
  await t.rejects(backlog.look())
  await eventually(20_000, 'the age to grow', async () => (await age()) > 1_000)
  isAway = false
  await sealAll(deps)
  t.same(await backlog.look(), [])
  t.equal(await told('gatehouse_audit_unsealed'), 0)
  t.ok((await age()) < 30, `${await age()} s`)
  await store('old', 1, 40)
  await backlog.look()
  await sealAll(deps)
  backlog.done()
  t.ok((await age()) < 30, 'what was seen has its place')
  t.equal(await told('gatehouse_audit_unsealed'), 0)
})
