import { once } from 'node:events'
import { test } from 'tap'
import { withDeadline } from './deadline.ts'
import { ClientLeaving } from './leaving.ts'

test('work that goes on after its client has gone ends as what it came to [S-TR-19]', async (t) => {
  const client = new ClientLeaving()
  const ended = withDeadline(5_000, client, async (running) => {
    client.leave()
    t.ok(running.signal.aborted, 'it is told, though it asks late')
    return 'committed'
  })
  t.same(await ended, { kind: 'done', value: 'committed' })
})

test('work that gives up because its client has gone says so; another failure stays one [S-TR-20]', async (t) => {
  for (const [what, kind] of [
    [undefined, 'gone'],
    [new Error('broken'), 'failed'],
  ] as const) {
    const client = new ClientLeaving()
    const ended = withDeadline(5_000, client, async ({ signal }) => {
      client.leave()
      if (what !== undefined) throw what
      signal.throwIfAborted()
    })
    t.equal((await ended).kind, kind)
  }
})

test('work that gives up as Node does, with an AbortError, has given up too', async (t) => {
  const client = new ClientLeaving()
  const ended = withDeadline(5_000, client, async ({ signal }) => {
    setImmediate(() => client.leave())
    await once(new EventTarget(), 'never', { signal })
  })
  t.same(await ended, { kind: 'gone' })
})

test('work whose client has gone has no more time than any other', async (t) => {
  const client = new ClientLeaving()
  const signals: AbortSignal[] = []
  const ended = withDeadline(20, client, async ({ signal }) => {
    signals.push(signal)
    client.leave()
    await once(new EventTarget(), 'never')
  })
  t.same(await ended, { kind: 'timed-out' })
  t.equal(signals[0]?.aborted, true)
})

test('work is not begun for a client that has gone before', async (t) => {
  let begun = false
  const client = new ClientLeaving()
  client.leave()
  const ended = await withDeadline(5_000, client, async () => {
    begun = true
  })
  t.same([ended.kind, begun], ['gone', false])
})

test('the deadline stands still while the work is paused, and goes on afterwards', async (t) => {
  const ended = await withDeadline(20, undefined, async ({ pause, signal }) => {
    t.equal(typeof pause, 'function')
    return signal.aborted
  })
  t.same(ended, { kind: 'done', value: false })
  const long = await withDeadline(30, undefined, async (running) => {
    const resume = running.pause()
    await new Promise((go) => setTimeout(go, 60))
    resume()
    resume()
    return running.signal.aborted
  })
  t.same(long, { kind: 'done', value: false }, 'longer than the deadline, and in time')
  const late = await withDeadline(20, undefined, async (running) => {
    running.pause()()
    await once(new EventTarget(), 'never')
  })
  t.same(late, { kind: 'timed-out' })
})

test('a listener is told once, or not at all after it was taken away', async (t) => {
  const client = new ClientLeaving()
  const heard: string[] = []
  client.listen(() => heard.push('a'))
  client.listen(() => heard.push('b'))()
  client.leave('first')
  client.leave('second')
  t.same([heard, client.left, client.reason], [['a'], true, 'first'])
})
