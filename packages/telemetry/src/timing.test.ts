import { test } from 'tap'
import { createMetrics } from './metrics.ts'

const BUCKETS = [0.01, 0.1, 1]
const SEEN = [0, 0.01, 0.010001, 0.5, 1, 7]

test('what it tells is what a histogram of prom-client tells, line by line', async (t) => {
  const [ours, theirs] = [createMetrics({ process: false }), createMetrics({ process: false })]
  const timing = ours.timing('call_seconds', 'Time.', ['tool'], BUCKETS)
  const histogram = theirs.histogram('call_seconds', 'Time.', ['tool'], BUCKETS)
  for (const tool of ['a', 'b"c']) {
    const observe = timing.of({ tool })
    for (const seconds of SEEN) {
      observe(seconds)
      histogram.labels({ tool }).observe(seconds)
    }
  }
  const linesOf = async ({ expose }: typeof ours) => (await expose()).body.trim().split('\n').sort()
  t.same(await linesOf(ours), await linesOf(theirs))
})

test('asked twice for a name or for labels it goes on where it was', async (t) => {
  const metrics = createMetrics({ process: false })
  for (let count = 0; count < 2; count += 1) metrics.timing('x_seconds', 'X.', ['of'], BUCKETS).of({ of: 'y' })(0.5)
  t.match((await metrics.expose()).body, 'x_seconds_count{of="y"} 2')
})
