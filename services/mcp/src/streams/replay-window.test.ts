import { test } from 'tap'
import { createReplayWindow } from './replay-window.ts'

const openWindow = (maxEntries = 3) => {
  const clock = { at: 1_000_000, now: () => clock.at }
  return { clock, window: createReplayWindow({ clock, windowMs: 600_000, maxEntries }) }
}

test('what changed inside the window is announced, per tenant, and forgotten after it [S-SU-10]', async (t) => {
  const { clock, window } = openWindow()
  window.note('acme', 'n://a', 1, clock.at)
  window.note('globex', 'n://b', 2, clock.at)
  t.same(window.changed('acme', ['n://a', 'n://b', 'n://c']), ['n://a'])
  clock.at += 599_999
  t.same(window.changed('acme', ['n://a']), ['n://a'])
  clock.at += 1
  t.same(window.changed('acme', ['n://a']), [])
})

test('a second change of a URI prolongs it and takes no second place', async (t) => {
  const { clock, window } = openWindow()
  window.note('acme', 'n://a', 1, clock.at)
  clock.at += 300_000
  window.note('acme', 'n://a', 2, clock.at)
  t.equal(window.size, 1)
  clock.at += 400_000
  t.same(window.changed('acme', ['n://a']), ['n://a'])
})

test('when the window overflows, everything counts as changed until what was pushed out would have left', async (t) => {
  const { clock, window } = openWindow(2)
  window.note('acme', 'n://a', 1, clock.at)
  clock.at += 100_000
  window.note('acme', 'n://b', 2, clock.at)
  window.note('acme', 'n://c', 3, clock.at)
  t.same(window.changed('globex', ['n://x']), ['n://x'])
  clock.at += 500_000
  t.same(window.changed('globex', ['n://x']), [])
  t.same(window.changed('acme', ['n://a', 'n://b']), ['n://b'])
})

test('when the stream was replaced, everything counts as changed for one window', async (t) => {
  const { clock, window } = openWindow()
  window.forget()
  t.same(window.changed('acme', ['n://x']), ['n://x'])
  clock.at += 600_000
  t.same(window.changed('acme', ['n://x']), [])
})

test('who knows more than this node waits until it has heard as much, and not for ever', async (t) => {
  const window = createReplayWindow({ clock: { now: () => 0 }, windowMs: 1_000, maxEntries: 10 })
  window.reached(5)
  await window.comesTo(5, 60_000)
  let come = false
  const waiting = window.comesTo(7, 60_000).then(() => {
    come = true
  })
  window.reached(6)
  await Promise.resolve()
  t.notOk(come)
  window.reached(8)
  await waiting
  t.ok(come)
  await window.comesTo(9, 1)
  t.equal(window.position, 8, 'it is told as it is')
})
