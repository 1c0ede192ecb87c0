import type { DemoTenant } from '@gatehouse/catalog'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { orgdesign } from '../catalog.ts'
import { NOW, openOrgDesign, principalOf } from '../orgdesign.fixture.ts'
import { orgSearch } from '../tools/org-search.ts'
import { scenarioCompare } from '../tools/scenario-compare.ts'
import { scenarioList } from '../tools/scenario-list.ts'
import { demoRows } from './demo.ts'
import { storyOf } from './story.ts'

const tenantOf = (slug: string): DemoTenant => ({
  id: `ten_${slug}`,
  slug,
  name: slug,
  people: ['owner', 'admin'].map((role) => ({ id: `p_${role}`, email: `${role}@${slug}.test`, name: role, role })),
})

for (const slug of ['acme', 'globex', 'initech', 'other']) {
  test(`the organisation of ${slug} is whole: one top, ids that are unique in each plane, and teams in their unit`, async (t) => {
    const rows = demoRows(storyOf(slug), tenantOf(slug), NOW)
    const planes = [null, ...rows.scenarios.map(({ id }) => id)]
    t.ok(planes.length >= 2)
    for (const plane of planes) {
      const units = rows.units.filter(({ scenario_id }) => scenario_id === plane)
      t.equal(units.filter(({ parent_id }) => parent_id === null).length, 1)
      for (const table of ['units', 'teams', 'placements', 'costs', 'metrics'] as const) {
        const ids = rows[table].filter(({ scenario_id }) => scenario_id === plane).map(({ id }) => id)
        t.ok(ids.length > 0 && new Set(ids).size === ids.length, `${table} of ${String(plane)}`)
      }
      const teams = new Map(rows.teams.map(({ id, unit_id }) => [id, unit_id]))
      for (const { team_id, unit_id, title } of rows.placements) {
        if (team_id !== null) t.equal(teams.get(String(team_id)), unit_id, String(title))
      }
    }
    for (const { id, status } of rows.scenarios) {
      const drafted = [...rows.units, ...rows.placements, ...rows.costs].filter(
        ({ scenario_id, drafted_at }) => scenario_id === id && drafted_at !== undefined,
      )
      t.ok(drafted.length > 0, `${String(status)} scenario ${String(id)} changes something`)
    }
  })
}

test('companies have nothing in common, and a tenant without a story gets the general one', async (t) => {
  const names = (slug: string) => demoRows(storyOf(slug), tenantOf(slug), NOW).placements.map(({ person }) => person)
  const people = ['acme', 'globex', 'initech'].map((slug) => new Set(names(slug).filter((name) => name !== null)))
  t.equal(
    new Set(people.flatMap((set) => [...set])).size,
    people.reduce((sum, { size }) => sum + size, 0),
  )
  t.same(storyOf('umbrella'), storyOf('other'))
})

test('the demo fills a tenant once, and leaves a tenant with units alone', async (t) => {
  const house = await openOrgDesign(t)
  const db = house.host.as(orgdesign.schema.role)
  const fill = (slug: string) => orgdesign.demo({ db, now: NOW }, tenantOf(slug))
  const count = (tenant: string) =>
    db.asTenant(tenant, (tx) =>
      tx.one<Record<string, number>>(sql`
        select (select count(*)::int from orgdesign.scenarios) as scenarios,
          (select count(*)::int from orgdesign.units where scenario_id is null) as units,
          (select count(*)::int from orgdesign.units) as "unitsOfAll",
          (select count(*)::int from orgdesign.placements where scenario_id is null) as placements`),
    )
  await fill('acme')
  const filled = await count('ten_acme')
  t.match(filled, { scenarios: 4, units: 10 })
  t.equal(filled.unitsOfAll, 10 * 5 + 3)
  await fill('acme')
  t.strictSame(await count('ten_acme'), filled, 'a second start adds nothing')
  await house.found('ten_globex')
  const own = await count('ten_globex')
  await fill('globex')
  t.strictSame(await count('ten_globex'), own)

  const acme = principalOf('ten_acme')
  t.match(await house.call(orgSearch, acme, { q: 'route eng' }), { results: [{ kind: 'team', title: 'Route Engine' }] })
  const { items } = await house.call(scenarioList, acme, { status: 'draft' })
  t.match(items, [{ name: 'One delivery organisation' }, { name: 'Night support in house' }])
  const { changes } = await house.call(scenarioCompare, acme, { scenario_id: items[0].id })
  t.match(changes, [
    { kind: 'unit', name: 'Customer Products', before: null },
    { kind: 'unit', name: 'Dispatch Software' },
    { kind: 'unit', name: 'Driver Apps' },
    { kind: 'placement', name: 'Tester' },
    { kind: 'cost', name: 'Test devices', after: { annual_amount: 12_000 } },
  ])
  t.strictSame(await house.takeEvents(), [], 'a story is a beginning, not news')
})
