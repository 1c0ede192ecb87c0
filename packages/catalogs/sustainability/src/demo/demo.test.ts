import type { DemoTenant } from '@gatehouse/catalog'
import { test } from 'tap'
import { sustainability } from '../catalog.ts'
import { NOW, openSustainability, principalOf } from '../sustainability.fixture.ts'
import { listActivities } from '../tools/list-activities.ts'
import { listSites } from '../tools/list-sites.ts'
import { demoRows } from './demo.ts'
import { factorLibrary, storyOf } from './story.ts'

const tenantOf = (slug: string): DemoTenant => ({
  id: `ten_${slug}`,
  slug,
  name: slug,
  people: [
    ...['owner', 'admin', 'member', 'viewer'].map((role) => ({
      id: `person_${slug}_${role}`,
      email: `${role}@${slug}.test`,
      name: `${role} of ${slug}`,
      role,
    })),
    { id: 'person_consultant', email: 'consultant@example.test', name: 'Consultant', role: 'member' },
  ],
})

for (const [slug, activities] of Object.entries({ acme: 180, globex: 156, initech: 72, other: 24 })) {
  test(`the story of ${slug} is whole: what a row names is there, and nothing lies in the future`, async (t) => {
    const story = storyOf(slug)
    const { tables, activities: rows } = demoRows(story, factorLibrary(), tenantOf(slug), NOW)
    const ids = new Set(Object.values(tables).flatMap((some) => some.map(({ id }) => id)))
    const all = [...Object.values(tables).flat(), ...rows] as Record<string, unknown>[]
    for (const row of all) {
      for (const [column, value] of Object.entries(row)) {
        if (/_id$/.test(column) && value !== null) t.ok(ids.has(value), `${column} ${value}`)
        if (/_at$|_on$/.test(column) && column !== 'due_on')
          t.ok(new Date(value as string) <= NOW, `${column} ${value}`)
      }
    }
    t.equal(rows.length, activities)
    t.equal(new Set(all.flatMap(({ id }) => id ?? [])).size, all.filter(({ id }) => id !== undefined).length)
    const units = new Map(tables.emission_factors.map(({ id, unit }) => [id, unit]))
    const same = [
      ['kWh', 'MWh', 'GJ', 'MJ'],
      ['kg', 't'],
      ['L', 'm3'],
      ['km', 'mi'],
    ]
    for (const { unit, factor_id } of rows) {
      const wanted = units.get(factor_id)
      t.ok(
        unit === wanted || same.some((some) => some.includes(unit) && some.includes(String(wanted))),
        `${unit} ${wanted}`,
      )
    }
    const people = new Set(tenantOf(slug).people.map(({ id }) => id))
    t.ok(tables.form_submissions.every(({ submitted_by }) => people.has(String(submitted_by))))
  })
}

test('companies have nothing in common but the factors, and a tenant without a story gets the general one', async (t) => {
  const names = (slug: string) => storyOf(slug).sites.map(({ name }) => name)
  const all = ['acme', 'globex', 'initech'].flatMap(names)
  t.equal(new Set(all).size, all.length)
  t.same(storyOf('umbrella'), storyOf('other'))
})

test('the demo fills a tenant once, and announces nothing', async (t) => {
  const house = await openSustainability(t)
  const db = house.host.as(sustainability.schema.role)
  const fill = (slug: string, now = NOW) => sustainability.demo({ db, now }, tenantOf(slug))
  await fill('acme')
  await fill('acme', new Date(NOW.getTime() + 86_400_000))
  await fill('globex')
  const of = principalOf('ten_acme')
  const { sites } = await house.call(listSites, of, {})
  t.equal(sites.length, 6)
  t.equal(sites.filter(({ status }: { status: string }) => status === 'archived').length, 1)
  const { activities } = await house.call(listActivities, of, { from: '2026-02-01', limit: 100 })
  t.equal(activities.length, 15)
  t.ok(activities.every(({ co2eKg }: { co2eKg: number | null }) => co2eKg !== null && co2eKg > 0))
  t.equal((await house.call(listSites, principalOf('ten_globex'), {})).sites.length, 5)
  t.strictSame(await house.takeEvents(), [], 'a story is a beginning, not news')
})
