import { KeyValueUnavailable, openKeyValue } from '@gatehouse/kv'
import type { Principal } from '@gatehouse/policy'
import { t as file, test } from 'tap'
import { openParts, openRig, PROFILE } from '../testing/rig.ts'
import { modern, post } from '../testing/wire.ts'
import { createRateLimit } from './limit.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const principal = (id: string): Principal => ({
  tenant: 'acme',
  kind: 'key',
  subject: id,
  scopes: new Set(),
  roles: [],
  credential: 'api-key',
  credentialId: id,
  issuedAt: 0,
  expiresAt: 9_999_999_999,
})
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
    t.match(await limit.take(principal('a'), 1), { over: false, headers: { 'x-ratelimit-remaining': left } })
    clock.at += 10_000
  }
  const over = await limit.take(principal('a'), 1)
  t.match(over, { over: true, retryAfter: 30, headers: { 'retry-after': '30', 'x-ratelimit-reset': '1000061' } })
  t.match(await limit.take(principal('b'), 1), { over: false })
  clock.at += 30_000
  t.match(await limit.take(principal('a'), 1), { over: false, headers: { 'x-ratelimit-remaining': '2' } })
})

test('while the store is away this node counts alone, and still limits', async (t) => {
  const clock = openClock()
  const kv = await openKeyValue('memory:', { clock })
  await kv.close()
  let heard: unknown
  const limit = createRateLimit({ kv, clock, perMinute: 2, away: (error) => (heard = error) })
  for (const over of [false, false, true]) t.equal((await limit.take(principal('a'), 1)).over, over)
  t.ok(heard instanceof KeyValueUnavailable)
  clock.at += 60_000
  t.equal((await limit.take(principal('a'), 1)).over, false)
})

test('over the limit: 429 with Retry-After and a JSON-RPC error, nothing runs, and tools take their cost [L19] [S-SB-13] [S-TL-12]', async (t) => {
  const rig = await openRig(parts, { profile: { ...PROFILE, limits: { requestsPerMinute: 8 } } })
  t.teardown(() => rig.close())
  const token = await rig.token()
  t.equal((await modern(rig, token, 'tools/call', { name: 'notes_purge' })).headers['x-ratelimit-remaining'], '3')
  t.equal((await modern(rig, token, 'tools/list')).headers['x-ratelimit-remaining'], '2')
  t.equal((await post(rig, token, '{')).headers['x-ratelimit-remaining'], '1')
  const over = await modern(rig, token, 'tools/call', { name: 'notes_purge' })
  t.equal(over.status, 429)
  t.match(over.headers['retry-after'], /^\d+$/)
  t.match(over.body, { jsonrpc: '2.0', id: 1, error: { code: 429 } })
  t.same(rig.ran, ['notes_purge'])
  t.equal((await modern(rig, await rig.token(), 'tools/list')).status, 200, 'another token has its own window')
})
