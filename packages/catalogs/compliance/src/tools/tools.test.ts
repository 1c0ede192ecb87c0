import { t as file, test } from 'tap'
import {
  assessment,
  before,
  DAY,
  type Fixture,
  finding,
  keyOf,
  MINUTE,
  openCompliance,
  questions,
  report,
} from '../compliance.fixture.ts'
import { assessmentStatus, severity } from '../vocabulary.ts'
import { getAssessment } from './get-assessment.ts'
import { getAssessmentResponses } from './get-assessment-responses.ts'
import { getOverview } from './get-overview.ts'
import { getScoreTrend } from './get-score-trend.ts'
import { listAssessments } from './list-assessments.ts'
import { listFindings } from './list-findings.ts'
import { listReports } from './list-reports.ts'

const acme = keyOf('acme')
const house = await openCompliance(file)
const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id)

/** The ids of all pages, one after the other. */
async function walk(
  tool: Parameters<Fixture['call']>[0],
  list: string,
  input: object = {},
): Promise<readonly string[][]> {
  const pages: string[][] = []
  let cursor: string | undefined
  do {
    const page = await house.call(tool, acme, { ...input, ...(cursor === undefined ? {} : { cursor }) })
    pages.push(page[list].map((item: Record<string, string>) => item.id ?? item.questionId ?? item.assessmentId))
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return pages
}

test('assessments and findings', async (t) => {
  await house.put('acme', {
    assessments: [
      ...assessmentStatus.options.map((status, at) =>
        assessment(`asm_${status}`, { status, updated_at: before(at * DAY) }),
      ),
      // Two at the same instant: the id decides.
      assessment('asm_twin_a', { updated_at: before(30 * DAY) }),
      assessment('asm_twin_b', { updated_at: before(30 * DAY) }),
    ],
    ...questions('asm_finalized', {
      dom_access: ['pass', 'fail', 'not_applicable', undefined],
      dom_change: ['pass', 'pass'],
      dom_empty: [],
    }),
    findings: [
      ...severity.options.map((severity) => finding(`fnd_${severity}`, 'asm_finalized', { severity })),
      finding('fnd_old', 'asm_finalized', { severity: 'high', updated_at: before(9 * DAY), question_id: 'q_2' }),
      finding('fnd_worked_on', 'asm_in_progress', { severity: 'critical', status: 'in_remediation' }),
      finding('fnd_resolved', 'asm_finalized', { severity: 'critical', status: 'resolved' }),
      finding('fnd_accepted', 'asm_finalized', { status: 'risk_accepted' }),
    ],
    reports: [
      report('rep_final', 'asm_finalized'),
      report('rep_second', 'asm_finalized', { version: 2, format: 'xlsx', generated_at: before(MINUTE) }),
      report('rep_draft', 'asm_finalized', { version: 3, final: false }),
      report('rep_of_running', 'asm_in_progress'),
    ],
  })

  await t.test('the overview counts assessments by status and open findings by severity [U2]', async (t) => {
    t.strictSame(await house.call(getOverview, acme, {}), {
      assessments: { draft: 1, in_progress: 3, in_review: 1, finalized: 1, archived: 1 },
      openFindings: { critical: 2, high: 2, medium: 1, low: 1, info: 1 },
      lastScores: [
        {
          assessmentId: 'asm_finalized',
          name: 'Assessment asm_finalized',
          framework: 'SOC 2',
          score: 50,
          finalizedAt: before(DAY).toISOString(),
        },
      ],
    })
  })

  await t.test('assessments are found by status and by what changed after a time, latest first [U2]', async (t) => {
    const found = async (input: object) => ids((await house.call(listAssessments, acme, input)).assessments)
    t.same(await found({ status: 'in_review' }), ['asm_in_review'])
    const all = ['asm_draft', 'asm_in_progress', 'asm_in_review', 'asm_finalized', 'asm_archived']
    t.same(await found({}), [...all, 'asm_twin_b', 'asm_twin_a'])
    t.same(await found({ updatedAfter: before(1.5 * DAY).toISOString() }), all.slice(0, 2))
    t.same(await found({ updatedAfter: before(DAY).toISOString() }), all.slice(0, 1), 'after, not at')
    t.same(await found({ updatedAfter: '2026-03-02T10:30:00+01:00' }), [], 'with a zone')
    t.same(await found({ updatedAfter: '2026-03-01' }), all.slice(0, 2), 'a day begins at midnight UTC')
    t.same(await found({ status: 'in_progress', updatedAfter: '2026-02-20' }), ['asm_in_progress'])
  })

  await t.test('one assessment has its score by domain and its findings in numbers [U2]', async (t) => {
    const read = await house.call(getAssessment, acme, { assessmentId: 'asm_finalized' })
    t.match(read, { id: 'asm_finalized', status: 'finalized', score: 50, lead: 'Ada', scope: 'The product.' })
    t.same(read.findings, {
      open: { critical: 1, high: 2, medium: 1, low: 1, info: 1 },
      resolved: 1,
      riskAccepted: 1,
    })
    t.match(read.domains, [
      { id: 'dom_access', questions: 4, passed: 1, failed: 1, notApplicable: 1 },
      { id: 'dom_change', questions: 2, passed: 2, failed: 0, notApplicable: 0 },
      { id: 'dom_empty', questions: 0, passed: 0, failed: 0, notApplicable: 0, score: null },
    ])
  })

  await t.test('responses are told question by question, of one domain or with one result [U2]', async (t) => {
    const asked = { assessmentId: 'asm_finalized' }
    const found = async (input: object) =>
      (await house.call(getAssessmentResponses, acme, { ...asked, ...input })).responses.map(
        ({ reference }: { reference: string }) => reference,
      )
    t.same(await found({}), ['R1', 'R2', 'R3', 'R4', 'R5', 'R6'])
    t.same(await found({ result: 'fail' }), ['R2'])
    t.same(await found({ result: 'pass', domainId: 'dom_change' }), ['R5', 'R6'])
    t.same(await found({ result: 'fail', domainId: 'dom_change' }), [])
    t.same(await walk(getAssessmentResponses, 'responses', { ...asked, limit: 4 }), [
      ['q_1', 'q_2', 'q_3', 'q_4'],
      ['q_5', 'q_6'],
    ])
    const { responses } = await house.call(getAssessmentResponses, acme, asked)
    t.match(responses[1], { result: 'fail', note: 'Note 2', evidence: 1, domain: 'Domain dom_access' })
    t.match(responses[3], { result: null, note: null, answeredBy: null, answeredAt: null })
  })

  await t.test('findings are found by severity, status and assessment, the worst first [U2]', async (t) => {
    const found = async (input: object) => ids((await house.call(listFindings, acme, input)).findings)
    const all = await found({})
    t.same(all.slice(0, 5), ['fnd_worked_on', 'fnd_resolved', 'fnd_critical', 'fnd_high', 'fnd_old'])
    t.equal(all.at(-1), 'fnd_info')
    t.same(await found({ severity: 'high' }), ['fnd_high', 'fnd_old'])
    t.same(await found({ status: 'in_remediation' }), ['fnd_worked_on'])
    t.same(await found({ assessmentId: 'asm_in_progress' }), ['fnd_worked_on'])
    t.same(await found({ severity: 'critical', status: 'open', assessmentId: 'asm_finalized' }), ['fnd_critical'])
    const [old] = (await house.call(listFindings, acme, { severity: 'high', limit: 100 })).findings.slice(-1)
    t.match(old, { reference: 'R2', assessment: 'Assessment asm_finalized', recommendation: 'To do.' })
  })

  await t.test('only final reports of finalized assessments are listed, with what is known of them [U2]', async (t) => {
    const { reports } = await house.call(listReports, acme, {})
    t.same(ids(reports), ['rep_second', 'rep_final'])
    t.match(reports[1], { score: 50, framework: 'SOC 2', version: 1, format: 'pdf', bytes: 5_000_000_000 })
    t.same((await house.call(listReports, acme, { assessmentId: 'asm_in_progress' })).reports, [])
  })

  for (const [tool, list, input] of [
    [listAssessments, 'assessments', {}],
    [listAssessments, 'assessments', { status: 'in_progress' }],
    [getAssessmentResponses, 'responses', { assessmentId: 'asm_finalized' }],
    [listFindings, 'findings', {}],
    [listFindings, 'findings', { assessmentId: 'asm_finalized', severity: 'high' }],
    [listFindings, 'findings', { status: 'open' }],
    [listReports, 'reports', {}],
  ] as const) {
    await t.test(`pages of one and of all have the same: ${tool.name} ${JSON.stringify(input)}`, async (t) => {
      const pages = await walk(tool, list, { ...input, limit: 1 })
      const [all] = await walk(tool, list, { ...input, limit: 100 })
      t.ok(pages.every((page) => page.length === 1))
      t.same(pages.flat(), all)
    })
  }
})

test('a row that comes or goes between two pages moves no other', async (t) => {
  const moving = keyOf('moving')
  const at = (days: number) => ({ updated_at: before(days * DAY) })
  await house.put('moving', { assessments: [1, 2, 3, 4].map((n) => assessment(`asm_${n}`, at(n))) })
  const first = await house.call(listAssessments, moving, { limit: 2 })
  t.same(ids(first.assessments), ['asm_1', 'asm_2'])
  await house.put('moving', { assessments: [assessment('asm_new', at(0))] })
  const second = await house.call(listAssessments, moving, { limit: 2, cursor: first.nextCursor })
  t.same(ids(second.assessments), ['asm_3', 'asm_4'])
  t.notOk(second.nextCursor)
})

test('the trend is told oldest first, its first page has the latest, and older ones follow [U2]', async (t) => {
  const trend = keyOf('trend')
  const finalized = (n: number, framework: string) =>
    assessment(`asm_${n}`, { status: 'finalized', framework, score: n, finalized_at: before((20 - n) * DAY) })
  await house.put('trend', {
    assessments: [
      ...Array.from({ length: 12 }, (_, n) => finalized(n, n % 2 === 0 ? 'SOC 2' : 'GDPR')),
      assessment('asm_archived', { status: 'archived', score: 70, finalized_at: before(50 * DAY) }),
      assessment('asm_given_up', { status: 'archived' }),
      assessment('asm_running'),
    ],
  })
  const scores = async (input: object) =>
    (await house.call(getScoreTrend, trend, input)).scores.map(({ score }: { score: number }) => score)
  t.same(await scores({}), [70, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  t.same(await scores({ framework: 'GDPR' }), [1, 3, 5, 7, 9, 11])
  const latest = await house.call(getScoreTrend, trend, { framework: 'GDPR', limit: 4 })
  t.match(latest.scores, [{ score: 5 }, { score: 7 }, { score: 9 }, { score: 11 }])
  t.same(await scores({ framework: 'GDPR', limit: 4, cursor: latest.nextCursor }), [1, 3])
  const { lastScores } = await house.call(getOverview, trend, {})
  t.same(
    lastScores.map(({ score }: { score: number }) => score),
    [11, 10, 9, 8, 7, 6, 5, 4, 3, 2],
    'the overview has the last ten',
  )
})

test('an empty workspace has an overview of zeros and lists of nothing', async (t) => {
  const nothing = keyOf('nobody')
  const overview = await house.call(getOverview, nothing, {})
  t.same(Object.values({ ...overview.assessments, ...overview.openFindings }), Array(10).fill(0))
  t.same(overview.lastScores, [])
  t.same(await house.call(listAssessments, nothing, {}), { assessments: [] })
  t.same(await house.call(listFindings, nothing, {}), { findings: [] })
  t.same(await house.call(getScoreTrend, nothing, {}), { scores: [] })
  t.same(await house.call(listReports, nothing, {}), { reports: [] })
})
