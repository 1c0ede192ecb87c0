import { hash } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { createLocalWindows } from '@gatehouse/rate-limit'
import type { FeedView } from '@gatehouse/token'
import type { PrincipalFacts } from '../deps.ts'
import type { JudgedKey, KeyFault } from './judge-key.ts'

export type KeyAnswer =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reason: 'refused' | 'unavailable' | 'throttled' | KeyFault }

export interface KeyCache {
  /** Never rejects. Whoever has presented too many unknown keys from this address is asked to wait, unless the key is known. */
  principalOf(key: string, address: string): Promise<KeyAnswer>
  close(): void
}

interface Held {
  readonly principal: Principal
  /** Why it is good elsewhere and not here. */
  readonly fault: KeyFault | undefined
  readonly until: number
}

/** Shorter than it takes to make a key and to bring it to a client. */
const REFUSED_MS = 2_000

/** The newest at the end: a Map keeps the order of insertion. */
function put<V>(into: Map<string, V>, key: string, value: V, size: number): void {
  into.delete(key)
  into.set(key, value)
  const oldest = into.size > size ? into.keys().next().value : undefined
  if (oldest !== undefined) into.delete(oldest)
}

const REFUSED: KeyAnswer = { ok: false, reason: 'refused' }

/**
 * API keys as principals, asked of auth and remembered by the key's SHA-256 for `maxAgeMs` at most. A revoked key leaves at once,
 * and each hit still asks the feed. A key that auth refuses is remembered for a moment, so that a client which repeats it does not burden
 * auth; guesses are all different, so they are counted by the address they come from.
 */
export function createKeyCache(options: {
  readonly exchange: (key: string) => Promise<PrincipalFacts | undefined>
  readonly feed: FeedView
  readonly clock: Clock
  readonly maxAgeMs: number
  readonly size: number
  readonly unknownPerMinute: number
  /** What the scopes of a key are worth here. */
  readonly judge: (facts: PrincipalFacts) => JudgedKey
  readonly failed: (error: unknown) => void
}): KeyCache {
  const { exchange, feed, clock, maxAgeMs, size, unknownPerMinute } = options
  const held = new Map<string, Held>()
  const asking = new Map<string, Promise<KeyAnswer>>()
  const refused = new Map<string, number>()
  const strangers = createLocalWindows(clock)

  const good = (principal: Principal): boolean => principal.expiresAt > clock.now() / 1_000 && !feed.revoked(principal)

  const unknown = (digest: string, address: string): KeyAnswer => {
    strangers(address, 1)
    put(refused, digest, clock.now() + REFUSED_MS, size)
    return REFUSED
  }
  const ask = async (key: string, digest: string, address: string): Promise<KeyAnswer> => {
    try {
      const facts = await exchange(key)
      if (facts === undefined) return unknown(digest, address)
      const judged = options.judge(facts)
      const principal = principalFromFacts(
        judged.ok ? { ...facts, scopes: judged.scopes, maker: judged.maker } : { ...facts, maker: undefined },
      )
      if (!good(principal)) return REFUSED
      const known = { principal, fault: judged.ok ? undefined : judged.fault, until: clock.now() + maxAgeMs }
      put(held, digest, known, size)
      return answerOf(known)
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
    async principalOf(key, address) {
      const digest = hash('sha256', key, 'base64')
      const hit = held.get(digest)
      if (hit !== undefined && hit.until > clock.now()) {
        // Moved to the end, it is the newest: a Map keeps the order of insertion.
        held.delete(digest)
        held.set(digest, hit)
        return good(hit.principal) ? answerOf(hit) : REFUSED
      }
      held.delete(digest)
      if ((refused.get(digest) ?? 0) > clock.now()) return REFUSED
      // A key that was good a minute ago does not wait for the guesses of its neighbours.
      if (hit === undefined && strangers(address, 0).count >= unknownPerMinute)
        return { ok: false, reason: 'throttled' }
      const running = asking.get(digest)
      if (running !== undefined) return running
      const begun = ask(key, digest, address).finally(() => asking.delete(digest))
      asking.set(digest, begun)
      return begun
    },
    close,
  }
}

const answerOf = ({ principal, fault }: Held): KeyAnswer =>
  fault === undefined ? { ok: true, principal } : { ok: false, reason: fault }

function principalFromFacts(facts: PrincipalFacts): Principal {
  return {
    tenant: facts.tenant,
    kind: 'key',
    subject: facts.keyId,
    scopes: new Set(facts.scopes),
    roles: facts.maker?.roles ?? [],
    ...(facts.maker === undefined ? {} : { maker: facts.maker.person }),
    credential: 'api-key',
    credentialId: facts.keyId,
    ...(facts.version === undefined ? {} : { credentialVersion: facts.version }),
    issuedAt: facts.issuedAt,
    expiresAt: facts.expiresAt ?? Number.MAX_SAFE_INTEGER,
  }
}
