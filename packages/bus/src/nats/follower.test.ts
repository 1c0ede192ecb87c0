import { DeliverPolicy, type StreamState } from 'nats'
import { test } from 'tap'
import type { From } from '../port.ts'
import { goesOn, judgeStream, startAt } from './follower.ts'

const known = { created: '2026-01-01T00:00:00Z', target: 40 }
const all = { deliver_policy: DeliverPolicy.All }
const from = (sequence: number) => ({ deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: sequence })

test('reading begins at the last message that was handled, else where it was told to', async (t) => {
  const time = new Date(1_700_000_000_000)
  const table: readonly [From, number, object][] = [
    ['first', 0, all],
    ['first', 7, from(7)],
    ['last-per-subject', 0, { deliver_policy: DeliverPolicy.LastPerSubject }],
    ['last-per-subject', 7, from(7)],
    ['new', 0, from(41)],
    ['new', 45, from(45)],
    [{ sequence: 5 }, 0, from(5)],
    [{ sequence: 0 }, 0, from(1)],
    [{ sequence: 5 }, 9, from(9)],
    [{ time }, 0, { deliver_policy: DeliverPolicy.StartTime, opt_start_time: '2023-11-14T22:13:20.000Z' }],
    [{ time }, 9, from(9)],
  ]
  for (const [where, position, start] of table) t.same(startAt(where, position, known), start)
})

test('another time of creation is another stream; one that is too short is waited for, and another when it stays so', async (t) => {
  const info = (created: string, last: number) => ({ created, state: { last_seq: last } as StreamState })
  t.equal(judgeStream(known, 40, info(known.created, 40), 0), 'same')
  t.equal(judgeStream(known, 45, info(known.created, 50), 60_000), 'same')
  t.equal(judgeStream(known, 45, info(known.created, 44), 0), 'behind')
  t.equal(judgeStream(known, 45, info(known.created, 44), 9_999), 'behind')
  t.equal(judgeStream(known, 45, info(known.created, 44), 10_000), 'another')
  t.equal(judgeStream(known, 0, info(known.created, 39), 0), 'behind', 'of which nothing was handled yet')
  t.equal(judgeStream(known, 45, undefined, 0), 'behind', 'one that is not to be found')
  t.equal(judgeStream(known, 45, undefined, 10_000), 'another')
  t.equal(judgeStream(known, 0, info('2026-01-02T00:00:00Z', 50), 0), 'another')
})

test('a stream that is long enough is the same if it holds the message that was handled', async (t) => {
  const at = (sequence: number, ms: number) => ({ sequence, time: new Date(ms) })
  for (const doubted of [false, true]) {
    t.equal(goesOn(at(45, 1_000), doubted, at(45, 1_000)), true)
    t.equal(goesOn(at(45, 1_000), doubted, at(45, 1_001)), false)
    t.equal(goesOn(at(45, 1_000), doubted, at(44, 999)), undefined)
  }
  t.equal(goesOn(at(45, 1_000), false, at(46, 1_001)), true, 'it was removed by age')
  t.equal(goesOn(at(45, 1_000), true, at(46, 1_001)), false, 'who was too short has to prove it')
})
