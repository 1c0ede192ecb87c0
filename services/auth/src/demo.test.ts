import { sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { seedDemo } from './demo.ts'
import { API_KEY, openHouse, PASSWORD, Visitor } from './testing/house.ts'

test('the demo', async (t) => {
  const house = await openHouse(t)
  const deps = { profile: loadProfile('align'), db: house.db, clock: house.clock, password: PASSWORD, apiKey: API_KEY }
  const dump = () =>
    house.db.asPlatform('test', async (tx) => [
      await tx.rows(sql`select * from auth.tenants order by id`),
      await tx.rows(sql`select * from auth.people order by id`),
      await tx.rows(sql`select * from auth.memberships order by tenant_id, person_id`),
      await tx.rows(sql`select * from auth.api_keys order by id`),
      await tx.rows(sql`select position from auth.outbox order by position`),
    ])

  await t.test('has the tenants and people that it promises, the consultant in two', async (t) => {
    t.match(house.tenants, [{ slug: 'acme' }, { slug: 'globex' }, { slug: 'initech' }])
    for (const { slug, people } of house.tenants) {
      for (const role of ['owner', 'admin', 'member', 'viewer']) {
        t.match(
          people.find((person) => person.email === `${role}@${slug}.test`),
          { role },
        )
      }
    }
    const consultants = house.tenants.flatMap(({ people }) =>
      people.filter(({ email }) => email === 'consultant@example.test'),
    )
    t.equal(consultants.length, 2)
    t.equal(new Set(consultants.map(({ id }) => id)).size, 1)
  })

  await t.test('a second time changes nothing and names the same ids', async (t) => {
    const before = await dump()
    t.same(await seedDemo(deps), house.tenants)
    t.same(await dump(), before)
  })

  await t.test('another password replaces the first for everybody', async (t) => {
    await seedDemo({ ...deps, password: 'a new one' })
    t.equal((await new Visitor(house).signIn('consultant@example.test', PASSWORD)).statusCode, 403)
    t.equal((await new Visitor(house).signIn('consultant@example.test', 'a new one')).statusCode, 200)
  })
})
