import { test } from 'tap'
import { kindOf, wordFor } from './call-kinds.ts'
import { compareCalls, FAULTS } from './compare-calls.ts'

const READ = 0
const WRITE = 2
const REFUSED = 4

interface One {
  readonly call: number
  readonly heard?: string
  readonly recorded?: readonly string[]
  readonly effect?: number
}

/** Of one call, among others of which nothing is known. */
function judged({ call, heard, recorded = [], effect = 0 }: One) {
  const words: (string | undefined)[] = []
  words[call] = heard
  return compareCalls({
    heard: Object.assign(new Array<string | undefined>(5).fill(undefined), words),
    recorded: new Map([[call, recorded]]),
    effects: new Map([[call, effect]]),
  })
}

test('the kinds of calls are those that these tests mean', async (t) => {
  t.same([READ, WRITE, REFUSED].map(kindOf), ['read', 'write', 'refused'])
})

const FINE: readonly One[] = [
  { call: READ, heard: 'result', recorded: ['succeeded'] },
  { call: REFUSED, heard: 'tool-error', recorded: ['refused'] },
  { call: WRITE, heard: 'result', recorded: ['succeeded'], effect: 1 },
  { call: READ, heard: 'broken' },
  { call: READ, heard: 'broken', recorded: ['succeeded'] },
  { call: WRITE, heard: 'no-connection' },
  { call: WRITE, heard: 'broken', recorded: ['unknown'] },
  { call: WRITE, heard: 'broken', recorded: ['unknown'], effect: 1 },
  { call: WRITE, heard: 'broken', recorded: ['succeeded'], effect: 1 },
  { call: WRITE, heard: 'status-503', recorded: ['refused'] },
]
for (const one of FINE)
  test(`nothing is wrong with ${JSON.stringify(one)}`, async (t) => {
    const found = judged(one)
    for (const fault of FAULTS) t.equal(found[fault], 0, fault)
    const right = one.heard === 'result' || one.heard === 'tool-error'
    t.equal(found.answered, right ? 1 : 0)
    t.equal(found.unanswered, right ? 4 : 5)
    if (!right) t.equal(found.why[one.heard ?? ''], 1)
  })

const WRONG: readonly (readonly [(typeof FAULTS)[number], One])[] = [
  ['missing', { call: READ, heard: 'result' }],
  ['missing', { call: REFUSED, heard: 'tool-error' }],
  ['missing', { call: WRITE, heard: 'tool-error' }],
  ['repeated', { call: READ, heard: 'result', recorded: ['succeeded', 'succeeded'] }],
  ['repeated', { call: WRITE, heard: 'broken', recorded: ['unknown', 'unknown'] }],
  ['otherwise', { call: READ, heard: 'result', recorded: ['refused'] }],
  ['otherwise', { call: REFUSED, heard: 'tool-error', recorded: ['failed'] }],
  ['otherwise', { call: WRITE, heard: 'result', recorded: ['succeeded', 'unknown'], effect: 1 }],
  ['otherwise', { call: WRITE, heard: 'result', recorded: ['unknown'], effect: 1 }],
  ['effectsTwice', { call: WRITE, heard: 'result', recorded: ['succeeded'], effect: 2 }],
  ['effectsUntold', { call: WRITE, heard: 'broken', effect: 1 }],
  ['effectsUntold', { call: WRITE, heard: 'status-503', recorded: ['refused'], effect: 1 }],
  ['effectsInvented', { call: WRITE, heard: 'result', recorded: ['succeeded'] }],
  ['effectsInvented', { call: WRITE, heard: 'broken', recorded: ['succeeded'] }],
]
for (const [fault, one] of WRONG)
  test(`${fault}: ${JSON.stringify(one)}`, async (t) => {
    t.equal(judged(one)[fault], 1)
  })

test('what came back is told in a word: silence by its reason, refusals by status and code', async (t) => {
  const cases = [
    ['no-connection', 'no-connection'],
    [{ status: 200, body: '{"result":{"content":[]}}' }, 'result'],
    [{ status: 200, body: '{"result":{"isError":true}}' }, 'tool-error'],
    [{ status: 200, body: '{"error":{"code":-32603,"message":"x"}}' }, 'error-32603'],
    [{ status: 503, body: '{"error":{"code":-32603,"message":"x"}}' }, 'status-503'],
  ] as const
  for (const [heard, word] of cases) t.equal(wordFor(heard), word)
})
