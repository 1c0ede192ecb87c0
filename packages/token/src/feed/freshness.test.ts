import { test } from 'tap'
import { createFreshnessGauge } from './freshness.ts'

function scene() {
  const time = { now: 0 }
  const gauge = createFreshnessGauge({ monotonic: () => time.now, staleAfterMs: 5_000, graceMs: 60_000 })
  return { time, gauge }
}

test('nothing is known before the first tick that follows catching up', (t) => {
  const { gauge } = scene()
  t.equal(gauge.read(), 'expired')
  gauge.caughtUp()
  t.equal(gauge.read(), 'expired')
  gauge.tick(0)
  t.equal(gauge.read(), 'fresh')
  t.end()
})

test('without ticks it is stale after five seconds and expired after the grace', (t) => {
  const { time, gauge } = scene()
  gauge.caughtUp()
  gauge.tick(0)
  time.now = 5_000
  t.equal(gauge.read(), 'fresh')
  time.now = 5_001
  t.equal(gauge.read(), 'stale')
  time.now = 65_000
  t.equal(gauge.read(), 'stale')
  time.now = 65_001
  t.equal(gauge.read(), 'expired')
  t.end()
})

test('old ticks that a reconnected reader catches up with do not make it fresh', (t) => {
  const { time, gauge } = scene()
  gauge.caughtUp()
  gauge.tick(0)
  time.now = 20_000
  for (let at = 1_000; at <= 20_000; at += 1_000) {
    time.now += 1
    gauge.tick(at)
    t.equal(gauge.read(), 'stale', `tick of ${at}`)
  }
  time.now = 21_000
  gauge.tick(21_000)
  time.now = 22_000
  gauge.tick(22_000)
  t.equal(gauge.read(), 'fresh', 'ticks in step do')
  t.end()
})

test('several writers of ticks do not keep it from being fresh again', (t) => {
  const { time, gauge } = scene()
  gauge.caughtUp()
  gauge.tick(0)
  gauge.distrust()
  t.equal(gauge.read(), 'stale')
  for (const at of [100, 110, 430, 440, 760]) {
    time.now = at
    gauge.tick(at)
  }
  t.equal(gauge.read(), 'fresh')
  t.end()
})

test('a clock of the writer that was set back does not matter for long', (t) => {
  const { time, gauge } = scene()
  gauge.caughtUp()
  gauge.tick(1_000_000)
  gauge.distrust()
  for (let second = 1; second <= 3; second += 1) {
    time.now = second * 1_000
    gauge.tick(second * 1_000)
  }
  t.equal(gauge.read(), 'fresh')
  t.end()
})
