import { ToolFailure } from '@gatehouse/catalog'
import { test } from 'tap'
import { compliance } from './catalog.ts'
import { assessment, finding, keyOf, openCompliance, questions, report } from './compliance.fixture.ts'

const LONG = 'x'.repeat(1_001)
const id = (given: unknown) => ({ assessmentId: given })
const LIMITS = [{ limit: 0 }, { limit: 101 }, { limit: 1.5 }, { limit: '10' }, { limit: null }]
const CURSORS = [{ cursor: LONG }, { cursor: 7 }]
const IDS = [id(''), id('x'.repeat(129)), id(null), id(['asm_1']), id({ $ne: '' })]

/** What the schema of a tool refuses: wrong, oversized, or not known. */
const REFUSED: Readonly<Record<string, readonly object[]>> = {
  get_overview: [{ tenant: 'globex' }, { limit: 1 }],
  list_assessments: [
    ...LIMITS,
    ...CURSORS,
    { status: 'finalised' },
    { status: ['draft'] },
    { tenant: 'globex' },
    { updated_after: '2026-01-01' },
    ...[
      'yesterday',
      '2026-02-30',
      '2026-13-01',
      '2026-01-01T00:00:00',
      '0000-01-01',
      '+275760-09-13',
      1_700_000_000,
    ].map((updatedAfter) => ({ updatedAfter })),
    { updatedAfter: LONG },
  ],
  get_assessment: [{}, ...IDS, { ...id('asm_1'), tenant: 'globex' }],
  get_assessment_responses: [
    {},
    ...IDS,
    ...[...LIMITS, ...CURSORS].map((more) => ({ ...id('asm_1'), ...more })),
    { ...id('asm_1'), result: 'passed' },
    { ...id('asm_1'), domainId: '' },
    { ...id('asm_1'), domainId: 'x'.repeat(129) },
  ],
  list_findings: [
    ...LIMITS,
    ...CURSORS,
    ...IDS,
    { severity: 'severe' },
    { severity: ['high'] },
    { status: 'closed' },
    { tenant: 'globex' },
  ],
  get_score_trend: [
    ...LIMITS,
    ...CURSORS,
    { framework: '' },
    { framework: LONG },
    { framework: 'a\0b' },
    { framework: '\ud800' },
  ],
  list_reports: [...LIMITS, ...CURSORS, ...IDS, { final: false }],
}

test('every tool is in the table of what it refuses', async (t) => {
  t.same(Object.keys(REFUSED).sort(), compliance.tools.map(({ name }) => name).sort())
})

for (const tool of compliance.tools) {
  test(`${tool.name} refuses what is malformed, oversized or unknown`, async (t) => {
    for (const input of REFUSED[tool.name] ?? [])
      t.notOk(tool.input.safeParse(input).success, JSON.stringify(input).slice(0, 80))
  })
}

const cursorOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

test('what is well-formed and leads nowhere fails in words that say what to call', async (t) => {
  const house = await openCompliance(t)
  await house.put('acme', {
    assessments: [assessment('asm_1'), assessment('asm_2')],
    ...questions('asm_1', { dom_1: ['pass', 'fail'] }),
  })
  await house.put('acme', questions('asm_2', { dom_2: ['pass', 'fail'] }))
  await house.put('globex', {
    assessments: [assessment('asm_globex', { name: 'CANARY', status: 'finalized', framework: 'CANARY' })],
    ...questions('asm_globex', { dom_globex: ['pass'] }),
    findings: [finding('fnd_globex', 'asm_globex', { title: 'CANARY' })],
    reports: [report('rep_globex', 'asm_globex', { title: 'CANARY' })],
  })
  const of = (name: string) => {
    const tool = compliance.tools.find((one) => one.name === name)
    if (tool === undefined) throw new Error(name)
    return tool
  }
  const acme = keyOf('acme')
  const instant = '2026-03-01T00:00:00.000Z'
  const { nextCursor } = await house.call(of('get_assessment_responses'), acme, { assessmentId: 'asm_1', limit: 1 })
  const { nextCursor: ofAssessments } = await house.call(of('list_assessments'), acme, { limit: 1 })
  t.ok(nextCursor && ofAssessments)

  const unknown = { code: 'unknown_assessment', message: /no assessment .*list_assessments/s }
  const bad = { code: 'bad_cursor', message: /Pass nextCursor as it came/ }
  const cases: readonly (readonly [string, string, object, { code: string; message: RegExp }])[] = [
    ...['get_assessment', 'get_assessment_responses', 'list_findings', 'list_reports'].flatMap((name) =>
      ['asm_none', 'asm_globex', 'no id at all', "'; drop table x; --", '\0', '../asm_1'].map(
        (given) => [`not there: ${JSON.stringify(given)}`, name, id(given), unknown] as const,
      ),
    ),
    ...['dom_none', 'dom_globex', 'dom_2', 'no id'].map(
      (domainId) =>
        [
          `a domain of another assessment or none: ${domainId}`,
          'get_assessment_responses',
          { ...id('asm_1'), domainId },
          { code: 'unknown_domain', message: /get_assessment gives the IDs/ },
        ] as const,
    ),
    ...['CANARY', 'soc 2'].map(
      (framework) =>
        [
          `a framework that has no score: ${framework}`,
          'get_score_trend',
          { framework },
          { code: 'unknown_framework', message: /get_score_trend without framework/ },
        ] as const,
    ),
    ...['list_assessments', 'list_findings', 'get_score_trend', 'list_reports'].flatMap((name) =>
      [
        'garbage',
        'e30',
        nextCursor,
        name === 'list_assessments' ? cursorOf({ list: 'reports', key: [instant, 'a'] }) : ofAssessments,
        cursorOf({ list: 'assessments', key: ['today', 'a'] }),
        cursorOf({ list: 'findings', key: [9, instant, 'a'] }),
      ].map((cursor) => [`a cursor of something else: ${cursor.slice(0, 30)}`, name, { cursor }, bad] as const),
    ),
    ['a cursor of another assessment', 'get_assessment_responses', { ...id('asm_2'), cursor: nextCursor }, bad],
  ]
  for (const [what, name, input, wanted] of cases) {
    const error = await house.call(of(name), acme, input).catch((reason: unknown) => reason)
    t.ok(error instanceof ToolFailure, `${name}: ${what}`)
    t.match(error, wanted, `${name}: ${what}`)
  }
})
