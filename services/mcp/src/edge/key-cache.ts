import { hash } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import type { FeedView } from '@gatehouse/token'
import type { PrincipalFacts } from '../deps.ts'

export type KeyAnswer =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reason: 'refused' | 'unavailable' }

export interface KeyCache {
  /** Never rejects. */
  principalOf(key: string): Promise<KeyAnswer>
  close(): void
}

interface Held {
  readonly principal: Principal
  readonly until: number
}

const REFUSED: KeyAnswer = { ok: false, reason: 'refused' }

/**
 * API keys as principals, asked of auth and remembered by the key's SHA-256 for `maxAgeMs` at most. A revoked key leaves at once,
 * and each hit still asks the feed. Keys that auth refuses are not remembered: one that was just made must work.
 */
export function createKeyCache(options: {
  readonly exchange: (key: string) => Promise<PrincipalFacts | undefined>
  readonly feed: FeedView
  readonly clock: Clock
  readonly maxAgeMs: number
  readonly size: number
  readonly failed: (error: unknown) => void
}): KeyCache {
  const { exchange, feed, clock, maxAgeMs, size } = options
  const held = new Map<string, Held>()
  const asking = new Map<string, Promise<KeyAnswer>>()

  const good = (principal: Principal): boolean => principal.expiresAt > clock.now() / 1_000 && !feed.revoked(principal)

  const ask = async (key: string, digest: string): Promise<KeyAnswer> => {
    try {
      const facts = await exchange(key)
      if (facts === undefined) return REFUSED
      const principal = principalFromFacts(facts)
      if (!good(principal)) return REFUSED
      held.set(digest, { principal, until: clock.now() + maxAgeMs })
      const oldest = held.size > size ? held.keys().next().value : undefined
      if (oldest !== undefined) held.delete(oldest)
      return { ok: true, principal }
    } catch (error) {
      options.failed(error)
      return { ok: false, reason: 'unavailable' }
    }
  }

  const close = feed.onRevocation((revocation) => {
    if (revocation.kind !== 'key') return
    for (const [digest, { principal }] of held) if (principal.credentialId === revocation.key) held.delete(digest)
  })

  return {
    async principalOf(key) {
      const digest = hash('sha256', key, 'base64')
      const hit = held.get(digest)
      if (hit !== undefined && hit.until > clock.now()) {
        // Moved to the end, it is the newest: a Map keeps the order of insertion.
        held.delete(digest)
        held.set(digest, hit)
        return good(hit.principal) ? { ok: true, principal: hit.principal } : REFUSED
      }
      held.delete(digest)
      const running = asking.get(digest)
      if (running !== undefined) return running
      const begun = ask(key, digest).finally(() => asking.delete(digest))
      asking.set(digest, begun)
      return begun
    },
    close,
  }
}

function principalFromFacts(facts: PrincipalFacts): Principal {
  return {
    tenant: facts.tenant,
    kind: 'key',
    subject: facts.keyId,
    scopes: new Set(facts.scopes),
    roles: [],
    credential: 'api-key',
    credentialId: facts.keyId,
    issuedAt: facts.issuedAt,
    expiresAt: facts.expiresAt ?? Number.MAX_SAFE_INTEGER,
  }
}
