import type { DemoTenant } from '@gatehouse/catalog'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { compliance } from '../catalog.ts'
import { assessment, DAY, keyOf, NOW, openCompliance } from '../compliance.fixture.ts'
import { getOverview } from '../tools/get-overview.ts'
import { listFindings } from '../tools/list-findings.ts'
import { demoRows } from './demo.ts'
import { frameworks, storyOf } from './story.ts'

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

for (const slug of ['acme', 'globex', 'initech', 'other']) {
  test(`the story of ${slug} is whole: answers, scores, findings, people and times that fit`, async (t) => {
    const tenant = tenantOf(slug)
    const rows = demoRows(storyOf(slug), tenant, NOW)
    const people = new Set(tenant.people.map(({ name }) => name))
    t.equal(new Set(rows.assessments.map(({ id }) => id)).size, rows.assessments.length, 'no name twice')
    t.equal(new Set(rows.findings.map(({ id }) => id)).size, rows.findings.length)
    for (const one of rows.assessments) {
      t.ok(people.has(one.lead) && one.created_at <= one.updated_at && one.updated_at <= NOW, one.name)
      t.equal(one.status === 'finalized', one.score !== null, `${one.name}: a score when it is finalized`)
      const asked = rows.questions.filter(({ assessment_id }) => assessment_id === one.id)
      const answered = rows.responses.filter(({ assessment_id }) => assessment_id === one.id)
      t.ok(asked.length >= answered.length && asked.length > 5)
      if (one.status === 'finalized') t.ok(answered.length > asked.length / 2, `${one.name}: is answered`)
      for (const { answered_at } of answered) t.ok(answered_at >= one.created_at && answered_at <= one.updated_at)
    }
    for (const one of rows.findings) {
      t.ok(one.created_at <= one.updated_at && one.updated_at <= NOW, one.title)
      t.ok(one.assignee === null || people.has(one.assignee))
      const of = rows.assessments.find(({ id }) => id === one.assessment_id)
      t.ok(of !== undefined && of.created_at < one.created_at, `${one.title}: found while it was assessed`)
      const response = rows.responses.find(
        (row) => row.assessment_id === one.assessment_id && row.question_id === one.question_id,
      )
      t.equal(response?.result, 'fail', `${one.title}: its question failed`)
    }
    for (const one of rows.reports) t.ok(one.final && one.generated_at <= NOW, one.title)
  })
}

test('companies have nothing in common, and a tenant without a story gets the general one', async (t) => {
  const titles = (slug: string) => storyOf(slug).flatMap(({ findings }) => findings.map(({ title }) => title))
  const all = ['acme', 'globex', 'initech'].flatMap(titles)
  t.equal(new Set(all).size, all.length)
  t.same(storyOf('umbrella'), storyOf('other'))
  for (const { name, domains } of frameworks())
    t.equal(
      domains.reduce((sum, { weight }) => sum + weight, 0),
      100,
      `${name}: weights are percents`,
    )
})

test('the demo fills a tenant once, and leaves a tenant with assessments alone', async (t) => {
  const house = await openCompliance(t)
  const db = house.host.as(compliance.schema.role)
  const fill = (slug: string, now = NOW) => compliance.demo({ db, now }, tenantOf(slug))
  const count = (tenant: string) =>
    db.asTenant(tenant, (tx) =>
      tx.one(sql`
        select (select count(*)::int from compliance.assessments) as assessments,
          (select count(*)::int from compliance.questions) as questions,
          (select count(*)::int from compliance.responses) as responses,
          (select count(*)::int from compliance.findings) as findings,
          (select count(*)::int from compliance.reports) as reports`),
    )
  await fill('acme')
  const filled = await count('ten_acme')
  t.match(filled, { assessments: 8, findings: 10, reports: 6 })
  await fill('acme', new Date(NOW.getTime() + DAY))
  t.strictSame(await count('ten_acme'), filled, 'a second start adds nothing')
  await house.put('ten_globex', { assessments: [assessment('asm_own')] })
  await fill('globex')
  t.match(await count('ten_globex'), { assessments: 1, findings: 0 })
  await fill('initech')
  const { findings } = await house.call(listFindings, keyOf('ten_initech'), { severity: 'critical' })
  t.match(findings, [{ title: 'Password of the report server is on a note on the printer', reference: 'A.8.2' }])
  t.match(await house.call(getOverview, keyOf('ten_acme'), {}), {
    assessments: { finalized: 4 },
    openFindings: { critical: 1 },
    lastScores: [{ framework: 'SOC 2' }, {}, {}, {}],
  })
})
