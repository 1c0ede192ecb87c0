import { once } from 'node:events'
import { test } from 'tap'
import { withDeadline } from './deadline.ts'

const GONE = new DOMException('the client went away', 'AbortError')

test('work that goes on after its client has gone ends as what it came to [S-TR-19]', async (t) => {
  const client = new AbortController()
  const ended = withDeadline(5_000, client.signal, async (signal) => {
    client.abort(GONE)
    t.ok(signal.aborted, 'it is told')
    return 'committed'
  })
  t.same(await ended, { kind: 'done', value: 'committed' })
})

test('work that gives up because its client has gone says so; another failure stays one [S-TR-20]', async (t) => {
  for (const [what, kind] of [
    [undefined, 'gone'],
    [new Error('broken'), 'failed'],
  ] as const) {
    const client = new AbortController()
    const ended = withDeadline(5_000, client.signal, async (signal) => {
      client.abort(GONE)
      if (what !== undefined) throw what
      signal.throwIfAborted()
    })
    t.equal((await ended).kind, kind)
  }
})

test('work whose client has gone has no more time than any other', async (t) => {
  const client = new AbortController()
  const signals: AbortSignal[] = []
  const ended = withDeadline(20, client.signal, async (signal) => {
    signals.push(signal)
    client.abort(GONE)
    await once(new EventTarget(), 'never')
  })
  t.same(await ended, { kind: 'timed-out' })
  t.equal(signals[0]?.aborted, true)
})

test('work is not begun for a client that has gone before', async (t) => {
  let begun = false
  const ended = await withDeadline(5_000, AbortSignal.abort(GONE), async () => {
    begun = true
  })
  t.same([ended.kind, begun], ['gone', false])
})
