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
    t.match(await limit.take(credential('a'), 1), {
      over: false,
      headers: { 'x-ratelimit-remaining': left, 'ratelimit-policy': '"credential";q=3;w=60' },
    })
    clock.at += 10_000
  }
  const over = await limit.take(credential('a'), 1)
  t.match(over, {
    over: true,
    retryAfter: 30,
    headers: { 'retry-after': '30', 'x-ratelimit-reset': '1000061', ratelimit: '"credential";r=0;t=30' },
  })
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

test('all credentials of a tenant share its window, and who is over their own takes nothing from it', async (t) => {
  const clock = openClock()
  const kv = await openKeyValue('memory:', { clock })
  t.teardown(() => kv.close())
  const limit = createRateLimit({ kv, clock, perMinute: 3, perTenant: 5, away: () => t.fail('the store is not away') })
  t.match(await limit.take(credential('a'), 1), {
    over: false,
    headers: {
      'x-ratelimit-limit': '3',
      'x-ratelimit-remaining': '2',
      'ratelimit-policy': '"credential";q=3;w=60, "tenant";q=5;w=60',
      ratelimit: '"credential";r=2;t=60, "tenant";r=4;t=60',
    },
  })
  await limit.take(credential('a'), 2)
  clock.at += 10_000
  for (let tries = 0; tries < 3; tries += 1) {
    const over = await limit.take(credential('a'), 1)
    t.match(over, {
      over: true,
      retryAfter: 50,
      headers: { ratelimit: '"credential";r=0;t=50', 'x-ratelimit-limit': '3' },
    })
  }
  t.match(await limit.take(credential('b'), 1), {
    over: false,
    headers: {
      'x-ratelimit-limit': '5',
      'x-ratelimit-remaining': '1',
      ratelimit: '"credential";r=2;t=60, "tenant";r=1;t=50',
    },
  })
  t.match(await limit.take(credential('c'), 2), {
    over: true,
    retryAfter: 50,
    headers: { 'retry-after': '50', 'x-ratelimit-limit': '5', 'x-ratelimit-reset': '1000061' },
  })
  t.match(await limit.take({ tenant: 'globex', credentialId: 'a' }, 1), { over: false }, 'another tenant has its own')
})

test('while the store is away each node lets through its share of the limits, by the nodes last known', async (t) => {
  const clock = openClock()
  const kv = await openKeyValue('memory:', { clock })
  await kv.close()
  let heard: unknown
  let nodes = 1
  const away = (error: unknown) => (heard = error)
  const limit = createRateLimit({ kv, clock, perMinute: 4, perTenant: 6, nodes: () => nodes, away })
  for (const over of [false, false, false, false, true]) t.equal((await limit.take(credential('a'), 1)).over, over)
  t.ok(heard instanceof KeyValueUnavailable)
  clock.at += 60_000
  nodes = 2
  t.match(await limit.take(credential('a'), 1), {
    headers: { 'x-ratelimit-limit': '2', 'ratelimit-policy': '"credential";q=2;w=60, "tenant";q=3;w=60' },
  })
  const overs = []
  for (const id of ['a', 'a', 'b', 'b']) overs.push((await limit.take(credential(id), 1)).over)
  t.same(overs, [false, true, false, true], 'the tenant has three, of which one that was refused took none')
  nodes = 100
  clock.at += 60_000
  t.equal((await limit.take(credential('a'), 1)).over, false, 'among however many nodes, one')
  t.equal((await limit.take(credential('a'), 1)).over, true)
})
