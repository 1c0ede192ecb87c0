import { heapUsed } from '@gatehouse/testkit'
import { test } from 'tap'
import { keyValueContract } from './contract.ts'
import { openKeyValue } from './index.ts'

keyValueContract('memory', () => openKeyValue(undefined))

test('time is the clock that was given, to the millisecond', async (t) => {
  let now = 1_000_000
  const kv = await openKeyValue('memory:', { clock: { now: () => now } })
  await kv.set('key', 'value', 1_000)
  t.equal((await kv.increment('count', 1, 500)).resetMs, 500)
  now += 499
  t.same(await kv.increment('count', 1, 500), { count: 2, resetMs: 1 })
  now += 500
  t.equal(await kv.get('key'), 'value')
  now += 1
  t.equal(await kv.get('key'), undefined)
  t.equal((await kv.increment('count', 1, 500)).count, 1)
  await kv.close()
})

test('keys that were left to expire do not pile up', async (t) => {
  let now = 0
  const kv = await openKeyValue('memory:', { clock: { now: () => now } })
  const before = heapUsed()
  const value = 'x'.repeat(100)
  for (let n = 0; n < 200_000; n += 1) {
    now += 1
    await kv.claim(`key ${n}`, value + n, 100)
  }
  t.ok(heapUsed() - before < 10_000_000, 'of about 60 MB that were written')
  t.equal(await kv.get('key 199999'), `${value}199999`)
  await kv.close()
})

test('a closed store says that it cannot answer', async (t) => {
  const kv = await openKeyValue(undefined)
  await kv.close()
  await t.rejects(kv.get('key'), { name: 'KeyValueUnavailable' })
})

test('a scheme without a driver is refused by name', async (t) => {
  await t.rejects(openKeyValue('http://127.0.0.1'), { name: 'TypeError', message: /http:/ })
})
