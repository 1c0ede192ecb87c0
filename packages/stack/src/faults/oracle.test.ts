import { test } from 'tap'
import { type Change, judge, type Listener } from './oracle.ts'
import { settled } from './watch.ts'

const change = (uri: string, time: number, value = 1): Change => ({ uri, time, value, sequence: time })
const frame = (uri: string, at: number) => ({ uri, at })
const listener = (...streams: Listener['streams']): Listener => ({ uris: ['a', 'b'], since: 0, streams })
const WINDOW = 1_000

test('a change is told by an update at or after it, also by one for several, and on whichever stream', async (t) => {
  const changes = [change('a', 10), change('a', 12), change('b', 20)]
  const judged = judge(
    changes,
    [listener({ askedAt: 0, frames: [frame('a', 12)] }, { askedAt: 15, frames: [frame('b', 25)] })],
    [],
    WINDOW,
  )
  t.match(judged, { due: 3, missed: [], updates: 2, replayed: 0, needless: [] })
  t.same(judged.latencies, [0, 2, 5])
})

test('an update before the change tells nothing of it', async (t) => {
  const judged = judge(
    [change('a', 10), change('a', 30)],
    [listener({ askedAt: 0, frames: [frame('a', 11)] })],
    [],
    WINDOW,
  )
  t.same(judged.missed, [{ uri: 'a', time: 30 }])
})

test('another URI, or another listener, tells nothing', async (t) => {
  const changes = [change('a', 10)]
  const deaf = listener({ askedAt: 0, frames: [frame('b', 11)] })
  const judged = judge(changes, [listener({ askedAt: 0, frames: [frame('a', 11)] }), deaf], [], WINDOW)
  t.same(judged.missed, [{ uri: 'a', time: 10 }])
  t.match(judged.needless, [{ uri: 'b', at: 11 }], 'and b had not changed')
})

test('what was before a listener began is not due', async (t) => {
  const late = { ...listener({ askedAt: 50, frames: [] }), since: 50 }
  t.match(judge([change('a', 10)], [late], [], WINDOW), { due: 0, missed: [] })
})

test('a new stream may tell once of what changed in the window before it, and no more', async (t) => {
  const changes = [change('a', 10), change('b', 5)]
  const twice = listener({ askedAt: 20, frames: [frame('a', 21), frame('a', 22)] })
  t.match(judge(changes, [twice], [], WINDOW), { replayed: 1, needless: [{ uri: 'a', at: 22 }] })
  const old = listener({ askedAt: 20 + WINDOW, frames: [frame('a', 21 + WINDOW)] })
  t.match(judge(changes, [old], [], WINDOW), { replayed: 0, needless: [{}] })
  const changed = listener({ askedAt: 20, frames: [frame('a', 21), frame('a', 40)] })
  t.match(judge([...changes, change('a', 30)], [changed], [], WINDOW), { replayed: 1, needless: [] })
})

test('two updates for one change are one too many', async (t) => {
  const judged = judge(
    [change('a', 10)],
    [listener({ askedAt: 0, frames: [frame('a', 11), frame('a', 12)] })],
    [],
    WINDOW,
  )
  t.match(judged.needless, [{ uri: 'a', at: 12, before: 11 }])
})

test('what several changes were told by is no reason to tell them again later', async (t) => {
  const changes = [change('a', 10), change('a', 11), change('a', 12)]
  const again = listener({ askedAt: 0, frames: [frame('a', 31_000), frame('a', 31_500)] })
  t.match(judge(changes, [again], [], WINDOW).needless, [{ at: 31_500 }])
})

test('a change that was on its way when its stream was told of one before may be told after it', async (t) => {
  const changes = [change('a', 10), change('a', 19)]
  const behind = listener({ askedAt: 20, frames: [frame('a', 21), frame('a', 25)] })
  t.match(judge(changes, [behind], [], WINDOW), { replayed: 1, needless: [] })
  const tooLate = listener({ askedAt: 20, frames: [frame('a', 21), frame('a', 1_100), frame('a', 1_101)] })
  t.match(judge(changes, [tooLate], [], WINDOW).needless, [{ at: 1_101 }])
})

test('a read that shows less than what was stored before it is stale', async (t) => {
  const changes = [change('a', 10, 1), change('a', 20, 2)]
  const reads = [
    { uri: 'a', askedAt: 15, value: 1 },
    { uri: 'a', askedAt: 25, value: 1 },
  ]
  t.same(judge(changes, [], reads, WINDOW).stale, [reads[1]])
})

test('what becomes less is waited for, however long it takes; what does not is given up', async (t) => {
  const left = [3, 3, 2, 2, 1, 0]
  t.ok((await settled(() => left.shift() ?? -1, 10_000, 1)) < 10_000)
  t.same(left, [], 'until nothing is left')
  const began = performance.now()
  await settled(() => 7, 50, 5)
  t.ok(performance.now() - began < 10_000)
})
