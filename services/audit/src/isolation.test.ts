import { Secret } from '@gatehouse/config'
import { sealEvent, systemClock, ToolBegun } from '@gatehouse/contracts'
import { ident, type Sql, sql } from '@gatehouse/database'
import { testDatabase } from '@gatehouse/database/testing'
import { silentLogger } from '@gatehouse/telemetry'
import { test, t as wholeFile } from 'tap'
import { storeBatch } from './ingest/store-batch.ts'
import { messageOf, toolCalled } from './sample-events.ts'
import { auditSchema } from './schema.ts'
import { openRings } from './seal/rings.ts'
import { sealAll } from './testing/seal-all.ts'

const OF_TENANTS = ['events', 'identities']
const OF_THE_PLATFORM = ['segments', 'heads', 'chains', 'dead_letters', 'begun', 'ring_keys']

const host = await testDatabase(wholeFile, [auditSchema])
const database = host.as(auditSchema.role)

/** Something in every table: stored, set aside, begun and sealed. */
async function fill(): Promise<void> {
  const { outcome: _outcome, durationMs: _duration, ...call } = toolCalled().data
  const begun = sealEvent(
    ToolBegun,
    { source: '/x', tenant: 't1', now: new Date() },
    { ...call, call: '7d4a5c3e-0f5b-4a0e-9d0a-2b1c3d4e5f60', leaseSeconds: 60 },
  )
  const events = [toolCalled(), toolCalled({}, { tenant: 't2' }), begun, 'no event']
  const data = new TextEncoder().encode(messageOf(...events).data)
  await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])
  const secret = new Secret('a secret of sixteen characters')
  const { heads } = openRings({ db: database, secret, clock: systemClock, log: silentLogger })
  await sealAll({ database, signer: heads, clock: systemClock })
}
await fill()

const count = (tenant: string, table: string, where: Sql = sql`true`) =>
  database.asTenant(tenant, async (tx) => {
    const row = await tx.one<{ count: bigint }>(sql`select count(*) from ${ident(`audit.${table}`)} where ${where}`)
    return Number(row.count)
  })

test('a tenant sees its own events and persons, and nothing that is of another or of none', async (t) => {
  for (const table of OF_TENANTS) {
    t.ok((await count('t1', table)) > 0, `${table}: its own`)
    t.equal(await count('t1', table, sql`tenant <> 't1'`), 0, `${table}: another's`)
    t.equal(await count('t3', table), 0, `${table}: of a tenant without any`)
  }
  for (const table of OF_THE_PLATFORM) {
    const all = await database.asPlatform('test', (tx) => tx.rows(sql`select 1 from ${ident(`audit.${table}`)}`))
    t.ok(all.length > 0, `${table} has rows`)
    t.equal(await count('t1', table), 0, table)
  }
})

test('in the name of a tenant nothing is written: no event, no place in a chain, no time to keep, no erasure', async (t) => {
  const write = (statement: Sql) => database.asTenant('t1', (tx) => tx.run(statement))
  const columns = sql`id, tenant, class, time, type, source`
  const values = sql`gen_random_uuid(), 't1', 'standard', now(), 'x', '/x'`
  await t.rejects(write(sql`insert into audit.events (${columns}) values (${values})`), { code: '42501' })
  t.equal(await write(sql`update audit.events set seq = 9, hash = repeat('0', 64)`), 0)
  t.equal(await write(sql`update audit.retention set months = 1`), 0)
  t.equal(await write(sql`delete from audit.identities`), 0)
  t.equal(await write(sql`delete from audit.dead_letters`), 0)
})

test('the service itself may do to each table what it has to, and no more', async (t) => {
  const granted = await host.as('postgres').asPlatform('test', (tx) =>
    tx.rows<{ name: string; may: string }>(sql`
      select c.relname as name, string_agg(lower(p.right), ' ' order by p.n) as may
      from pg_class as c cross join unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE'])
        with ordinality as p ("right", n)
      where c.relnamespace = 'audit'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'migrations'
        and has_table_privilege('gatehouse_audit', c.oid, p.right)
      group by c.relname order by c.relname collate "C"`),
  )
  t.same(Object.fromEntries(granted.map(({ name, may }) => [name, may])), {
    begun: 'select insert update delete',
    chains: 'select insert update',
    dead_letters: 'select insert delete',
    events: 'select insert',
    heads: 'select insert delete',
    identities: 'select insert delete',
    retention: 'select update',
    ring_keys: 'select insert update delete',
    segments: 'select insert update',
  })
})
