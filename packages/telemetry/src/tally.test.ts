import { test } from 'tap'
import { createMetrics } from './index.ts'

test('a tally is exposed as a counter of prom-client is, and asking twice for its name gives the same', async (t) => {
  const [ours, theirs] = [createMetrics({ process: false }), createMetrics({ process: false })]
  const tally = ours.tally('calls_total', 'Calls.', ['tool', 'outcome'])
  const counter = theirs.counter('calls_total', 'Calls.', ['tool', 'outcome'])
  for (const [tool, outcome, times] of [
    ['a', 'succeeded', 3],
    ['b "quoted"\n', 'failed', 1],
  ] as const) {
    const labels = { tool, outcome }
    for (let count = 0; count < times; count += 1) {
      ours.tally('calls_total', 'Calls.', ['tool', 'outcome']).of(labels)()
      counter.inc(labels)
    }
  }
  t.equal((await ours.expose()).body, (await theirs.expose()).body)
  t.equal(ours.tally('calls_total', 'Calls.', ['tool', 'outcome']), tally)
})
