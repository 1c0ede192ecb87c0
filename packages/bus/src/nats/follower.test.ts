import { DeliverPolicy, type StreamState } from 'nats'
import { test } from 'tap'
import type { From } from '../port.ts'
import { isAnother, startAt } from './follower.ts'

const known = { created: '2026-01-01T00:00:00Z', target: 40 }
const all = { deliver_policy: DeliverPolicy.All }
const from = (sequence: number) => ({ deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: sequence })

test('reading begins after the last message that was handled, else where it was told to', async (t) => {
  const time = new Date(1_700_000_000_000)
  const table: readonly [From, number, object][] = [
    ['first', 0, all],
    ['first', 7, from(8)],
    ['last-per-subject', 0, { deliver_policy: DeliverPolicy.LastPerSubject }],
    ['last-per-subject', 7, from(8)],
    ['new', 0, from(41)],
    ['new', 45, from(46)],
    [{ sequence: 5 }, 0, from(5)],
    [{ sequence: 0 }, 0, from(1)],
    [{ sequence: 5 }, 9, from(10)],
    [{ time }, 0, { deliver_policy: DeliverPolicy.StartTime, opt_start_time: '2023-11-14T22:13:20.000Z' }],
    [{ time }, 9, from(10)],
  ]
  for (const [where, position, start] of table) t.same(startAt(where, position, known), start)
})

test('another time of creation, or a shorter stream, is another stream', async (t) => {
  const info = (created: string, last: number) => ({ created, state: { last_seq: last } as StreamState })
  t.equal(isAnother(known, 40, info(known.created, 40)), false)
  t.equal(isAnother(known, 40, info(known.created, 50)), false)
  t.equal(isAnother(known, 40, info(known.created, 39)), true)
  t.equal(isAnother(known, 0, info('2026-01-02T00:00:00Z', 0)), true)
})
