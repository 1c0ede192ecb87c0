import type { DemoTenant } from '@gatehouse/catalog'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { tracker } from '../catalog.ts'
import { projects } from '../resources/projects.ts'
import { searchGlobal } from '../tools/search-global.ts'
import { NOW, openTracker, principalOf } from '../tracker.fixture.ts'
import { demoRows } from './demo.ts'
import { storyOf } from './story.ts'

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

const STORIES = { acme: 40, globex: 40, initech: 40, other: 20 }

for (const [slug, entries] of Object.entries(STORIES)) {
  test(`the story of ${slug} is whole: projects, entries, remarks, people and times that fit`, async (t) => {
    const tenant = tenantOf(slug)
    const rows = demoRows(storyOf(slug), tenant, NOW)
    const people = new Set(tenant.people.map(({ id }) => id))
    t.equal(rows.projects.length, 4)
    t.equal(rows.entries.length, entries)
    t.equal(new Set(rows.entries.map(({ id }) => id)).size, entries, 'no title twice in a project')
    t.equal(new Set(rows.comments.map(({ id }) => id)).size, rows.comments.length)
    t.ok(rows.comments.length >= entries)
    for (const entry of rows.entries) {
      t.ok(people.has(entry.reporter_id) && (entry.assignee_id === null || people.has(entry.assignee_id)), entry.title)
      t.ok(entry.created_at < entry.updated_at && entry.updated_at <= NOW, `${entry.title}: times`)
      t.equal(entry.assignee_id === null, entry.status === 'open', `${entry.title}: open means nobody works on it`)
    }
    t.ok(rows.comments.every(({ author_id }) => people.has(author_id)))
    t.ok(
      rows.projects.every(
        ({ id }) => rows.releases.filter((one) => one.project_id === id && one.status === 'active').length === 1,
      ),
    )
    t.ok(rows.taskMappings.length >= 1 && rows.taskMappings.every(({ created_at }) => created_at < NOW))
    t.ok(new Set(rows.entries.map(({ status }) => status)).size === 5, 'every status occurs')
  })
}

test('companies have nothing in common, and a tenant without a story gets the general one', async (t) => {
  const titles = (slug: string) => storyOf(slug).flatMap(({ entries }) => entries.map(({ title }) => title))
  const all = ['acme', 'globex', 'initech'].flatMap(titles)
  t.equal(new Set(all).size, all.length)
  t.same(storyOf('umbrella'), storyOf('other'))
})

test('a tenant with few people still has somebody for each part', async (t) => {
  const alone = { ...tenantOf('acme'), people: [{ id: 'p1', email: 'a@b.test', name: 'A', role: 'founder' }] }
  const rows = demoRows(storyOf('acme'), alone, NOW)
  t.ok(rows.entries.every(({ reporter_id }) => reporter_id === 'p1'))
})

test('the demo fills a tenant once, and leaves a tenant with projects alone', async (t) => {
  const house = await openTracker(t)
  const db = house.host.as(tracker.schema.role)
  const fill = (slug: string, now = NOW) => tracker.demo({ db, now }, tenantOf(slug))
  const count = (tenant: string) =>
    db.asTenant(tenant, (tx) =>
      tx.one(sql`
        select (select count(*)::int from tracker.projects) as projects,
          (select count(*)::int from tracker.entries) as entries,
          (select count(*)::int from tracker.people) as people,
          (select count(*)::int from tracker.releases) as releases,
          (select count(*)::int from tracker.task_mappings) as tasks,
          (select sum(comment_count)::int from tracker.entries) as counted,
          (select count(*)::int from tracker.comments) as comments`),
    )
  await fill('acme')
  const filled = await count('ten_acme')
  t.match(filled, { projects: 4, entries: 40, people: 5, releases: 9, tasks: 4 })
  t.equal(filled.counted, filled.comments)
  await fill('acme', new Date(NOW.getTime() + 86_400_000))
  t.strictSame(await count('ten_acme'), filled, 'a second start adds nothing')

  await house.project('ten_globex', 'prj_own', 'Their own')
  await fill('globex')
  t.match(await count('ten_globex'), { projects: 1, entries: 0, people: 0 })

  await fill('initech')
  t.match(await house.call(searchGlobal, principalOf('ten_initech'), { q: 'TPS cover' }), {
    results: [{ title: 'TPS report has the old cover sheet', projectName: 'Reports' }],
  })
  t.same((await house.call(searchGlobal, principalOf('ten_acme'), { q: 'TPS cover' })).results, [])
  t.equal((await house.read(projects, principalOf('ten_acme'))).projects.length, 4)
  t.strictSame(await house.takeEvents(), [], 'a story is a beginning, not news')
})
