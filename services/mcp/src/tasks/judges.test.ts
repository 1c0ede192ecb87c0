import { test } from 'tap'
import { AnswerInvalid, type WireRequest } from '../calls/asker.ts'
import { judgeAnswers } from './judge-answers.ts'
import { judgeOrphan, MOST_OWNERS } from './judge-orphan.ts'
import { matchInputs } from './match-inputs.ts'
import { endOf } from './run-task.ts'
import {
  detailedMembers,
  hasTasks,
  isTaskId,
  newTaskId,
  TASKS_EXTENSION,
  type TaskInput,
  type TaskView,
  taskMembers,
} from './task.ts'

const WRITES = { effect: 'writes' }
const orphan = (over = {}) => ({ cancelled: false, waiting: false, fence: 2, ...over })

const ORPHANS: readonly [that: string, verdict: string, ...Parameters<typeof judgeOrphan>][] = [
  ['a tool that writes is not begun again', 'failed', orphan(), WRITES, { late: false }],
  ['one that destroys neither', 'failed', orphan(), { effect: 'destroys' }, { late: false }],
  ['one that reads is', 'run', orphan(), { effect: 'reads' }, { late: false }],
  ['an idempotent one is', 'run', orphan(), { ...WRITES, idempotent: true }, { late: false }],
  ['one that says it is not idempotent is not', 'failed', orphan(), { ...WRITES, idempotent: false }, { late: false }],
  [
    'one that waited for an answer is: nothing lasting came before',
    'run',
    orphan({ waiting: true }),
    WRITES,
    { late: false },
  ],
  ['what was cancelled is cancelled', 'cancelled', orphan({ cancelled: true }), { effect: 'reads' }, { late: false }],
  ['what is late has failed', 'failed', orphan(), { effect: 'reads' }, { late: true }],
  ['a tool that is gone has failed', 'failed', orphan(), undefined, { late: false }],
  ['the last owner may try', 'run', orphan({ fence: MOST_OWNERS }), { effect: 'reads' }, { late: false }],
  [
    'what ended so many nodes is not given to the next',
    'failed',
    orphan({ fence: MOST_OWNERS + 1 }),
    { effect: 'reads' },
    { late: false },
  ],
]

test('what becomes of a task whose node is gone [S-TK-29]', async (t) => {
  for (const [that, expected, ...given] of ORPHANS) {
    const verdict = judgeOrphan(...given)
    t.equal(verdict.kind === 'run' ? 'run' : verdict.end.status, expected, that)
    if (verdict.kind === 'end' && verdict.end.status === 'failed') {
      t.equal(verdict.end.error.code, -32_603, `${that}: the JSON-RPC error`)
      t.ok(verdict.end.message.length > 0, `${that}: and a word for people`)
    }
  }
})

const ELICIT: WireRequest = {
  method: 'elicitation/create',
  params: {
    mode: 'form',
    message: 'Who?',
    requestedSchema: { type: 'object', properties: { name: { type: 'string', minLength: 2 } }, required: ['name'] },
  },
}
const input = (key: string, name: string, over: Partial<TaskInput> = {}): TaskInput => ({
  key,
  name,
  request: ELICIT,
  ...over,
})

test('questions of a task: answered ones are not asked again, outstanding ones are waited for, keys are used once [S-TK-14, S-TK-15]', async (t) => {
  const asked = { one: ELICIT, two: ELICIT }
  t.match(matchInputs(asked, {}, []), { complete: false, toAsk: [{ key: 'one' }, { key: 'two' }] }, 'both are asked')
  const half = [input('one', 'one', { response: { action: 'decline' } }), input('two', 'two')]
  t.strictSame(matchInputs(asked, {}, half), { answers: { one: { action: 'decline' } }, toAsk: [], complete: false })
  t.strictSame(
    matchInputs(asked, { one: 1, two: 2 }, []),
    { answers: { one: 1, two: 2 }, toAsk: [], complete: true },
    'what was answered before the call became a task counts',
  )
  t.match(
    matchInputs({ two: ELICIT }, {}, [input('two', 'one', { response: {} })]).toAsk,
    [{ key: 'two-2', name: 'two' }],
    'a key that went to another question is not given again',
  )
  const unfit = [input('one', 'one', { response: 'x' })]
  const never = (): boolean => false
  t.match(matchInputs({ one: ELICIT }, {}, unfit, never).toAsk, [{ key: 'one-2', name: 'one' }], 'asked again, anew')
  const thrice = [...unfit, input('one-2', 'one', { response: 'y' }), input('one-3', 'one', { response: 'z' })]
  t.strictSame(matchInputs({ one: ELICIT }, {}, thrice, never), { answers: { one: 'z' }, toAsk: [], complete: true })
})

test('answers to tasks are held against what was asked; other keys are left out [S-TK-13, S-EL-08]', async (t) => {
  const inputs = [input('who', 'who'), input('done', 'done', { response: { action: 'accept' } })]
  const accepted = { action: 'accept', content: { name: 'Ada', more: true } }
  t.strictSame([...judgeAnswers(inputs, { who: accepted, done: accepted, other: 5 })], [['who', accepted]])
  t.strictSame([...judgeAnswers(inputs, { who: { action: 'cancel' } })], [['who', { action: 'cancel' }]])
  for (const wrong of [
    5,
    null,
    {},
    { action: 'yes' },
    { action: 'accept', content: { name: 'A' } },
    { action: 'accept' },
  ]) {
    t.throws(() => judgeAnswers(inputs, { who: wrong }), AnswerInvalid, JSON.stringify(wrong))
  }
})

const VIEW: TaskView = {
  id: 't1',
  tenant: 'acme',
  tool: 'tool',
  status: 'working',
  statusMessage: null,
  createdAt: new Date(0),
  updatedAt: new Date(1_000),
  expiresAt: new Date(60_000),
  outcome: null,
  asked: {},
}
const detailed = (over: Partial<TaskView>) => JSON.parse(`{${detailedMembers({ ...VIEW, ...over }, 500)}}`)

test('a task as it goes over the wire, state by state [S-TK-05, S-TK-08, S-TK-25]', async (t) => {
  const common = {
    taskId: 't1',
    createdAt: '1970-01-01T00:00:00.000Z',
    lastUpdatedAt: '1970-01-01T00:00:01.000Z',
    ttlMs: 60_000,
    pollIntervalMs: 500,
  }
  t.strictSame(JSON.parse(`{${taskMembers(VIEW, 500)}}`), { ...common, status: 'working' })
  t.strictSame(detailed({}), { ...common, status: 'working' })
  t.strictSame(detailed({ status: 'cancelled', statusMessage: 'Cancelled.' }), {
    ...common,
    status: 'cancelled',
    statusMessage: 'Cancelled.',
  })
  t.strictSame(detailed({ status: 'completed', outcome: '{"content":[]}' }), {
    ...common,
    status: 'completed',
    result: { content: [] },
  })
  t.strictSame(detailed({ status: 'failed', statusMessage: 'x', outcome: '{"code":-32603,"message":"x"}' }), {
    ...common,
    status: 'failed',
    statusMessage: 'x',
    error: { code: -32_603, message: 'x' },
  })
  t.strictSame(detailed({ status: 'input_required', asked: { who: JSON.stringify(ELICIT) } }), {
    ...common,
    status: 'input_required',
    inputRequests: { who: ELICIT },
  })
})

test('how a task ends: with what its tool came to, unless it was stopped first [S-TK-16, S-TK-17, S-TK-18]', async (t) => {
  const result = { kind: 'result', json: '{"content":[]}' } as const
  const refused = { kind: 'refused', refused: { status: 200, code: -32_603, message: 'no', data: { a: 1 } } } as const
  t.match(endOf({ outcome: 'succeeded', answer: result }, undefined), {
    end: { status: 'completed', resultJson: '{"content":[]}' },
    called: { outcome: 'succeeded' },
  })
  t.match(endOf({ outcome: 'failed', reason: 'note.locked', answer: result }, undefined).end, { status: 'completed' })
  t.strictSame(endOf({ outcome: 'failed', answer: refused }, undefined).end, {
    status: 'failed',
    message: 'no',
    error: { code: -32_603, message: 'no', data: { a: 1 } },
  })
  t.match(
    endOf({ outcome: 'succeeded', answer: result }, 'task.cancelled').end,
    { status: 'completed' },
    'it was first',
  )
  t.match(endOf({ outcome: 'failed', reason: 'client.gone', answer: refused }, 'task.cancelled'), {
    end: { status: 'cancelled' },
    called: { outcome: 'failed', reason: 'task.cancelled' },
  })
  t.match(endOf(undefined, 'credential.revoked'), {
    end: { status: 'cancelled' },
    called: { reason: 'credential.revoked' },
  })
  t.match(endOf(undefined, 'deadline'), { end: { status: 'failed' }, called: { outcome: 'timed-out' } })
})

test('ids have 192 random bits; the extension is what the client declares, by its own member [S-TK-02, S-TK-23]', async (t) => {
  const ids = new Set(Array.from({ length: 1_000 }, newTaskId))
  t.equal(ids.size, 1_000)
  for (const id of ids) if (!isTaskId(id) || Buffer.from(id, 'base64url').length !== 24) t.fail(id)
  for (const not of ['', 'x'.repeat(31), 'x'.repeat(33), `${'x'.repeat(31)}/`, 5, null]) t.notOk(isTaskId(not))
  t.ok(hasTasks({ capabilities: { extensions: { [TASKS_EXTENSION]: {} } } }))
  for (const capabilities of [
    {},
    { tasks: {} },
    { extensions: {} },
    { extensions: null },
    { extensions: TASKS_EXTENSION },
  ]) {
    t.notOk(hasTasks({ capabilities }), JSON.stringify(capabilities))
  }
})
