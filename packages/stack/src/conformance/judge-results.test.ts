import { test } from 'tap'
import type { Excuse } from './excuses.ts'
import { type Check, judgeResults, type Results } from './judge-results.ts'
import type { Lane } from './lanes.ts'

const LANES: readonly Lane[] = [
  { name: 'scored', revision: '2025-11-25', total: 2, scenarios: 'scored' },
  { name: 'polling', revision: '2025-11-25', total: 1, scenarios: ['polling'] },
]

const check = (id: string, status: Check['status'] = 'SUCCESS'): Check => ({ id, status, errorMessage: 'why' })
const excuse = (scenario: string, id: string): Excuse => ({
  revision: '2025-11-25',
  scenario,
  check: id,
  specification: 'says otherwise',
})
const judge = (results: Results, excuses: readonly Excuse[] = []) =>
  judgeResults(LANES, { '2025-11-25': results, '2026-07-28': {}, '2025-06-18': {}, '2025-03-26': {} }, excuses)

const GOOD = { ping: [check('ping')], list: [check('list'), check('seen', 'INFO')], polling: [check('poll')] }

test('lanes are counted apart, and nothing is wrong with a good run', async (t) => {
  t.same(judge(GOOD), {
    scores: [
      { lane: 'scored', passed: 2, total: 2 },
      { lane: 'polling', passed: 1, total: 1 },
    ],
    faults: [],
  })
})

test('what fails, warns or is skipped is a fault, however many other checks passed', async (t) => {
  for (const status of ['FAILURE', 'WARNING', 'SKIPPED'] as const) {
    const { scores, faults } = judge({ ...GOOD, list: [check('list'), check('half', status)] })
    t.match(scores[0], { passed: 1, total: 2 })
    t.same(faults, [`scored: list: half ${status}: why`])
  }
})

test('an excuse covers its own check and no other', async (t) => {
  const results = { ...GOOD, list: [check('list', 'FAILURE'), check('other', 'FAILURE')] }
  t.same(judge({ ...GOOD, list: [check('list', 'FAILURE')] }, [excuse('list', 'list')]).faults, [])
  t.match(judge({ ...GOOD, list: [check('list', 'FAILURE')] }, [excuse('list', 'list')]).scores[0], { passed: 1 })
  t.same(judge(results, [excuse('list', 'list')]).faults, ['scored: list: other FAILURE: why'])
})

test('an excuse that is not needed any more is a fault', async (t) => {
  t.same(judge(GOOD, [excuse('list', 'list')]).faults, ['2025-11-25: list: list is excused, and needs no excuse'])
})

test('a scenario that tried nothing, did not run, or that nobody expected, is a fault', async (t) => {
  for (const list of [[], [check('list', 'INFO')]]) {
    t.same(judge({ ...GOOD, list }).faults, ['scored: list tried nothing'])
    t.match(judge({ ...GOOD, list }).scores[0], { passed: 1 })
  }
  const { polling: _, ...without } = GOOD
  t.same(judge(without).faults, ['polling: polling tried nothing'])
  t.same(judge({ ...GOOD, more: [check('more')] }).faults, ['scored: the suite has 3 scenarios, and 2 were expected'])
})
