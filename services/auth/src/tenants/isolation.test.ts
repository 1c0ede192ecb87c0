import { ident, sql } from '@gatehouse/database'
import { test } from 'tap'
import { ADMIN, connect, openHouse } from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

const OF_TENANTS = ['tenants', 'memberships', 'people', 'consents', 'grants', 'api_keys', 'client_hosts', 'invitations']
const OF_THE_PLATFORM = [
  'sessions',
  'clients',
  'resources',
  'requests',
  'codes',
  'refresh_tokens',
  'ring_keys',
  'outbox',
  'one_time_links',
  'audit_outbox',
]

test('the database guards its rows', async (t) => {
  const house = await openHouse(t)
  await connect(house)
  const [acme, globex] = house.tenants
  const own = `/tenants/${acme?.id}`
  await operate(house, ADMIN, 'POST', `${own}/invitations`, { email: 'rosa@new.test', role: 'member' })
  await operate(house, ADMIN, 'POST', `${own}/client-hosts`, { host: 'evil.example', rule: 'deny' })
  const count = (tenant: string, table: string, where = sql`true`) =>
    house.db.asTenant(tenant, async (tx) => {
      const row = await tx.one<{ count: bigint }>(sql`select count(*) from ${ident(`auth.${table}`)} where ${where}`)
      return Number(row.count)
    })

  await t.test('a tenant sees its own rows and no others', async (t) => {
    for (const table of OF_TENANTS) t.ok((await count(acme?.id ?? '', table)) > 0, `${table}: its own`)
    for (const table of ['memberships', 'consents', 'grants', 'api_keys', 'client_hosts', 'invitations']) {
      t.equal(await count(acme?.id ?? '', table, sql`tenant_id <> ${acme?.id}`), 0, `${table}: another's`)
      const foreign = await count(globex?.id ?? '', table, sql`tenant_id = ${acme?.id}`)
      t.equal(foreign, 0, `${table}: asked for by its name`)
    }
    t.equal(await count(acme?.id ?? '', 'tenants'), 1)
    t.equal(await count(acme?.id ?? '', 'people', sql`email like '%globex.test'`), 0)
    t.equal(await count('ten_unknown', 'people'), 0)
  })

  await t.test('what belongs to no tenant is not seen by any', async (t) => {
    for (const table of OF_THE_PLATFORM) {
      const all = await house.db.asPlatform('test', (tx) => tx.rows(sql`select 1 from ${ident(`auth.${table}`)}`))
      t.ok(all.length > 0, `${table} has rows`)
      t.equal(await count(acme?.id ?? '', table), 0, table)
    }
  })

  await t.test("a tenant cannot write another's rows, nor anybody's password", async (t) => {
    const write = (statement: ReturnType<typeof sql>) => house.db.asTenant(acme?.id ?? '', (tx) => tx.run(statement))
    t.equal(await write(sql`update auth.tenants set mcp = true where id = ${globex?.id}`), 0)
    t.equal(await write(sql`delete from auth.memberships where tenant_id = ${globex?.id}`), 0)
    t.equal(await write(sql`update auth.people set password_hash = 'x'`), 0)
    const person = globex?.people[0]?.id
    await t.rejects(
      write(sql`insert into auth.memberships (tenant_id, person_id, role) values (${globex?.id}, ${person}, 'owner')`),
    )
  })

  await t.test('every table is guarded and every column says what it is', async (t) => {
    const unguarded = await house.db.asPlatform('test', (tx) =>
      tx.rows(sql`select relname from pg_class where relnamespace = 'auth'::regnamespace and relkind = 'r'
        and not relrowsecurity and relname <> 'migrations'`),
    )
    t.same(unguarded, [])
    const silent = await house.db.asPlatform('test', (tx) =>
      tx.rows(sql`select c.relname, a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'auth'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
          and c.relname <> 'migrations' and col_description(c.oid, a.attnum) is null`),
    )
    t.same(silent, [])
  })
})
