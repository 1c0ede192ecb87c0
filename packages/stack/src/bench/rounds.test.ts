import { test } from 'tap'
import { summarize } from './rounds.ts'

test('the median of an even number of rounds lies between the two in the middle', async (t) => {
  t.same(summarize([10, 30, 20, 40]), { perSecond: [10, 30, 20, 40], median: 25, spread: 1.2 })
  t.equal(summarize([7]).spread, 0)
  t.throws(() => summarize([]), RangeError)
})
