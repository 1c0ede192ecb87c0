import { test } from 'tap'
import { type Asked, type Ended, healthOf, judgeAttempt, waitBefore } from './judge-attempt.ts'

const ended = (what: number | 'unsent' | 'lost' | 'resting', retryAfterMs?: number): Ended =>
  typeof what === 'number'
    ? { kind: 'answered', status: what, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    : { kind: what }
const READ: Asked = { safe: true, repeatable: true, left: 1, doubt: false, renewed: false }
const PUT: Asked = { ...READ, safe: false }
const POST: Asked = { ...PUT, repeatable: false }

test('what follows an attempt: only what may be repeated is, and nobody is told “nothing was done” where that is not known', async (t) => {
  const ways = { READ, PUT, POST, last: { ...READ, left: 0 }, lastPut: { ...PUT, left: 0 } }
  const TABLE: readonly (readonly [what: Parameters<typeof ended>, ...string[]])[] = [
    //                READ           PUT         POST           last           lastPut
    [[200], 'take', 'take', 'take', 'take', 'take'],
    [[404], 'take', 'take', 'take', 'take', 'take'],
    [[302], 'ours', 'ours', 'ours', 'ours', 'ours'],
    [[401], 'renew', 'renew', 'renew', 'renew', 'renew'],
    [[429], 'again', 'again', 'again', 'unavailable', 'unavailable'],
    [[429, 60_000], 'unavailable', 'unavailable', 'unavailable', 'unavailable', 'unavailable'],
    [[500], 'unavailable', 'unknown', 'unknown', 'unavailable', 'unknown'],
    [[503], 'again', 'again', 'unknown', 'unavailable', 'unknown'],
    [[503, 60_000], 'unavailable', 'unknown', 'unknown', 'unavailable', 'unknown'],
    [['lost'], 'again', 'again', 'unknown', 'unavailable', 'unknown'],
    [['unsent'], 'again', 'again', 'again', 'unavailable', 'unavailable'],
    [['resting'], 'unavailable', 'unavailable', 'unavailable', 'unavailable', 'unavailable'],
  ]
  for (const [what, ...expected] of TABLE) {
    const found = Object.values(ways).map((asked) => judgeAttempt(ended(...what), asked))
    t.same(found, expected, String(what))
  }
})

test('a doubt stays: a write that was lost once is not “not done” because the next attempt never left', async (t) => {
  for (const what of ['unsent', 'resting'] as const) {
    t.equal(judgeAttempt(ended(what), { ...PUT, left: 0, doubt: true }), 'unknown')
    t.equal(judgeAttempt(ended(what), { ...READ, left: 0, doubt: true }), 'unavailable')
  }
})

test('a credential is renewed once', async (t) => {
  t.equal(judgeAttempt(ended(401), { ...POST, renewed: true }), 'ours')
})

test('what the API refuses shows that it is there; waits grow, differ, and are its own where it names one', async (t) => {
  t.same([ended(200), ended(404), ended(429), ended(500), ended('lost'), ended('unsent')].map(healthOf), [
    ...['well', 'well', 'well'],
    ...['ill', 'ill', 'ill'],
  ])
  const waits = [1, 2, 3, 9].map((made) => waitBefore(made, ended('lost'), () => 0))
  t.same(waits, [100, 400, 1_600, 2_000])
  t.equal(
    waitBefore(1, ended('lost'), () => 1),
    50,
  )
  t.equal(
    waitBefore(1, ended(503, 1_000), () => 1),
    1_000,
  )
})
