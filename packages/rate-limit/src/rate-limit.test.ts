import { KeyValueUnavailable, openKeyValue } from '@gatehouse/kv'
import { test } from 'tap'
import { createRateLimit } from './rate-limit.ts'

const credential = (credentialId: string) => ({ tenant: 'acme', credentialId })
const openClock = () => {
  const clock = { at: 1_000_000_500, now: () => clock.at }
  return clock
}

test('a window is fixed from its first request and one credential does not use up another [L19]', async (t) => {
  const clock = openClock()
  const kv = await openKeyValue('memory:', { clock })
  t.teardown(() => kv.close())
  const limit = createRateLimit({ kv, clock, perMinute: 3, away: () => t.fail('the store is not away') })
  for (const left of ['2', '1', '0']) {
    t.match(await limit.take(credential('a'), 1), { over: false, headers: { 'x-ratelimit-remaining': left } })
    clock.at += 10_000
  }
  const over = await limit.take(credential('a'), 1)
  t.match(over, { over: true, retryAfter: 30, headers: { 'retry-after': '30', 'x-ratelimit-reset': '1000061' } })
  t.match(await limit.take(credential('b'), 1), { over: false })
  clock.at += 30_000
  t.match(await limit.take(credential('a'), 1), { over: false, headers: { 'x-ratelimit-remaining': '2' } })
})

test('services that share the store share the window; another tenant has its own, under the same id [L19]', async (t) => {
  const clock = openClock()
  const kv = await openKeyValue('memory:', { clock })
  t.teardown(() => kv.close())
  const open = () => createRateLimit({ kv, clock, perMinute: 2, away: () => t.fail('the store is not away') })
  const [mcp, rest] = [open(), open()]
  t.match(await mcp.take(credential('a'), 1), { over: false, headers: { 'x-ratelimit-remaining': '1' } })
  t.match(await rest.take(credential('a'), 1), { over: false, headers: { 'x-ratelimit-remaining': '0' } })
  t.match(await mcp.take(credential('a'), 1), { over: true })
  t.match(await rest.take({ tenant: 'globex', credentialId: 'a' }, 1), { over: false })
})

test('while the store is away this node counts alone, and still limits', async (t) => {
  const clock = openClock()
  const kv = await openKeyValue('memory:', { clock })
  await kv.close()
  let heard: unknown
  const limit = createRateLimit({ kv, clock, perMinute: 2, away: (error) => (heard = error) })
  for (const over of [false, false, true]) t.equal((await limit.take(credential('a'), 1)).over, over)
  t.ok(heard instanceof KeyValueUnavailable)
  clock.at += 60_000
  t.equal((await limit.take(credential('a'), 1)).over, false)
})
