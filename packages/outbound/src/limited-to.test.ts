import { once } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { test } from 'tap'
import { limitedTo } from './limited-to.ts'

const aborted = async (signal: AbortSignal): Promise<unknown> => {
  if (!signal.aborted) await once(signal, 'abort')
  return (signal.reason as Error).name
}

test('the signal fires when the time is over, though garbage is collected meanwhile', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const outer = new AbortController()
  const name = limitedTo(100, outer.signal, aborted)
  for (let count = 0; count < 5; count += 1) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  t.equal(await name, 'TimeoutError')
  t.equal(await limitedTo(1, undefined, aborted), 'TimeoutError')
})

test('it fires with the outer one, for its reason; work that is done leaves nothing behind', async (t) => {
  const outer = new AbortController()
  const asked = limitedTo(60_000, outer.signal, aborted)
  const kept = await limitedTo(60_000, outer.signal, async (signal) => signal)
  await t.rejects(
    limitedTo(60_000, outer.signal, async () => Promise.reject(new Error('no'))),
    { message: 'no' },
  )
  outer.abort(new RangeError('left'))
  t.equal(await asked, 'RangeError')
  t.equal(kept.aborted, false, 'nobody listens for it any more')
  t.equal(await limitedTo(60_000, outer.signal, aborted), 'RangeError', 'one that had fired before')
})
