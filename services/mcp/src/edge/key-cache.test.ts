import type { Revocation } from '@gatehouse/contracts'
import { test } from 'tap'
import type { PrincipalFacts } from '../deps.ts'
import { createKeyCache } from './key-cache.ts'

const HOME = '192.0.2.1'

const openCache = (exchange: (key: string) => Promise<PrincipalFacts | undefined>, size = 10) => {
  const clock = { at: 1_000_000, now: () => clock.at }
  const revokedKeys = new Set<string>()
  let tell: (revocation: Revocation) => void = () => undefined
  const cache = createKeyCache({
    exchange,
    feed: {
      revoked: ({ credentialId }) => revokedKeys.has(credentialId),
      current: (principal) => principal,
      tenant: () => undefined,
      tenantBySlug: () => undefined,
      freshness: () => 'fresh',
      onRevocation: (listener) => {
        tell = listener
        return () => undefined
      },
      onTenant: () => () => undefined,
    },
    clock,
    maxAgeMs: 60_000,
    size,
    unknownPerMinute: 3,
    judge: ({ scopes }) => ({ ok: true, scopes }),
    failed: () => undefined,
  })
  const revoke = (key: string, remembered = true) => {
    if (remembered) revokedKeys.add(key)
    tell({ kind: 'key', key, at: 0, reason: 'test' })
  }
  return { cache, clock, revoke }
}
const facts = (keyId: string, more: Partial<PrincipalFacts> = {}): PrincipalFacts => ({
  tenant: 'acme',
  keyId,
  scopes: ['a'],
  issuedAt: 1,
  ...more,
})

test('auth is asked once for requests that come together, and once a minute after that', async (t) => {
  let asked = 0
  const { cache, clock } = openCache(async (key) => {
    asked += 1
    return facts(key)
  })
  const together = await Promise.all([
    cache.principalOf('k', HOME),
    cache.principalOf('k', HOME),
    cache.principalOf('k', HOME),
  ])
  t.equal(asked, 1)
  t.ok(together.every((answer) => answer.ok))
  clock.at += 59_999
  await cache.principalOf('k', HOME)
  t.equal(asked, 1)
  clock.at += 1
  await cache.principalOf('k', HOME)
  t.equal(asked, 2)
})

test('a revoked key leaves at once, and auth is asked about it again', async (t) => {
  let asked = 0
  const { cache, revoke } = openCache(async (key) => {
    asked += 1
    return asked === 1 ? facts(key) : undefined
  })
  t.match(await cache.principalOf('k', HOME), {
    ok: true,
    principal: { kind: 'key', credential: 'api-key', credentialId: 'k' },
  })
  revoke('k', false)
  t.same(await cache.principalOf('k', HOME), { ok: false, reason: 'refused' })
  t.equal(asked, 2)
})

test('what auth says of a key that the feed knows as revoked, or that has expired, is not believed', async (t) => {
  const { cache, revoke } = openCache(async (key) => facts(key, key === 'old' ? { expiresAt: 999 } : {}))
  revoke('k')
  t.same(await cache.principalOf('k', HOME), { ok: false, reason: 'refused' })
  t.same(await cache.principalOf('old', HOME), { ok: false, reason: 'refused' })
})

test('an outage of auth is told apart from a refusal, and neither is remembered for long', async (t) => {
  const answers = [Promise.reject(new Error('down')), Promise.resolve(undefined), Promise.resolve(facts('k'))]
  const { cache, clock } = openCache(() => answers.shift() as Promise<PrincipalFacts | undefined>)
  t.same(await cache.principalOf('k', HOME), { ok: false, reason: 'unavailable' })
  t.same(await cache.principalOf('k', HOME), { ok: false, reason: 'refused' })
  t.same(await cache.principalOf('k', HOME), { ok: false, reason: 'refused' })
  t.equal(answers.length, 1, 'the same key again does not reach auth')
  clock.at += 2_000
  t.match(await cache.principalOf('k', HOME), { ok: true })
})

test('the cache is bounded: what was used longest ago goes', async (t) => {
  const asked: string[] = []
  const { cache } = openCache(async (key) => {
    asked.push(key)
    return facts(key)
  }, 2)
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.principalOf(key, HOME)
  t.same(asked, ['a', 'b', 'c', 'b'])
})

test('who guesses keys from an address is slowed down there; known keys and other addresses are not', async (t) => {
  let asked = 0
  const { cache, clock } = openCache(async (key) => {
    asked += 1
    return key.startsWith('good') ? facts(key) : undefined
  })
  await cache.principalOf('good', HOME)
  for (const key of ['a', 'b', 'c']) t.match(await cache.principalOf(key, HOME), { reason: 'refused' })
  t.match(await cache.principalOf('d', HOME), { reason: 'throttled' })
  t.equal(asked, 4, 'auth does not hear of it')
  t.match(await cache.principalOf('good', HOME), { ok: true })
  clock.at += 60_000
  for (const key of ['e', 'f', 'g']) await cache.principalOf(key, HOME)
  t.match(await cache.principalOf('good', HOME), { ok: true }, 'good a minute ago')
  t.match(await cache.principalOf('good2', HOME), { reason: 'throttled' })
  t.match(await cache.principalOf('good2', '192.0.2.2'), { ok: true })
})
