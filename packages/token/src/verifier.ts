import { hash } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import { compactVerify } from 'jose'
import { type Expected, judgeParties, judgeTime, principalOf, readClaims } from './claims.ts'
import type { FeedView } from './feed/view.ts'
import { readHeader } from './header.ts'
import { type JwksSource, JwksUnavailable, type VerificationKey } from './jwks/source.ts'
import { Lru } from './lru.ts'
import { canonicalResource } from './resource.ts'
import type { Verified } from './verified.ts'

type Good = Verified & { readonly ok: true }

export interface TokenVerifierOptions {
  readonly jwks: JwksSource
  /** Compared as they are. */
  readonly issuers: readonly string[]
  /** Identifiers of the resource that asks; a token for any other is refused. */
  readonly audiences: readonly string[]
  readonly clock: Clock
  /**
   * The only tenant that tokens may speak for, of an issuer that is one tenant's. `null`: only tokens that speak for none are good, and `*` stands
   * in their principals. Absent: any tenant.
   */
  readonly tenant?: string | null
  /** What was taken back and what people selected since; without it a token is good until it expires. */
  readonly feed?: Pick<FeedView, 'revoked' | 'current'>
  readonly skewSeconds?: number
  /** How many verified tokens are remembered. */
  readonly cacheSize?: number
}

export interface TokenVerifier {
  /** What is remembered of a token whose signature was checked before, judged anew: without waiting. `undefined`: it has to be verified. */
  known(token: string): Good | undefined
  /** Never rejects. */
  verify(token: string): Promise<Verified>
}

/** Longer tokens are refused unread. */
const MAX_TOKEN_CHARS = 8_192
/** Of those used last, so many are known by their text: at most 8 MB. */
const RECENT = 1_024

/**
 * Turns an access token (RFC 9068) into a principal. A signature is checked once and remembered by the token's SHA-256, of the newest by the token;
 * expiry and revocation are checked every time.
 * @throws TypeError when issuers or audiences are empty, since such a verifier would check nothing
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { jwks, clock, feed, skewSeconds = 30, cacheSize = 10_000 } = options
  if (options.issuers.length === 0) throw new TypeError('a token verifier needs at least one issuer')
  if (options.audiences.length === 0) throw new TypeError('a token verifier needs at least one audience')
  const expected: Expected = {
    issuers: new Set(options.issuers),
    audiences: new Set(options.audiences.map(canonicalResource)),
    tenant: options.tenant,
  }
  const known = new Lru<Good>(cacheSize)
  // By the token itself: the hash of a token that is used again and again costs more than all else that is asked of it.
  const recent = new Lru<Good>(Math.min(cacheSize, RECENT))

  /** A token that was verified once, as it is now: remembered is what it said itself. */
  const judgeNow = (hit: Good): Verified => {
    const { principal } = hit
    const fault = judgeTime({ iat: principal.issuedAt, exp: principal.expiresAt }, clock.now() / 1_000, skewSeconds)
    if (fault !== undefined) return { ok: false, reason: fault }
    if (feed === undefined) return hit
    const now = feed.current(principal)
    if (feed.revoked(now)) return { ok: false, reason: 'revoked' }
    return now === principal ? hit : { ok: true, principal: now }
  }

  const verifyNew = async (token: string, digest: string): Promise<Verified> => {
    const checked = await checkToken(token, { jwks, expected, now: clock.now() / 1_000, skewSeconds })
    if (!checked.ok) return checked
    const judged = judgeNow(checked)
    if (judged.ok) known.set(digest, checked)
    return judged
  }

  return {
    known(token) {
      const hit = recent.get(token) ?? known.get(hash('sha256', token, 'base64'))
      if (hit === undefined) return undefined
      const judged = judgeNow(hit)
      if (!judged.ok) {
        recent.delete(token)
        return undefined
      }
      recent.set(token, hit)
      return judged
    },
    async verify(token) {
      if (token.length > MAX_TOKEN_CHARS) return { ok: false, reason: 'malformed' }
      const digest = hash('sha256', token, 'base64')
      const hit = known.get(digest)
      if (hit === undefined) return verifyNew(token, digest)
      const judged = judgeNow(hit)
      if (!judged.ok) known.delete(digest)
      return judged
    },
  }
}

/** Every check of a token that needs no memory, in order: header, key, signature, claims, parties, time. */
async function checkToken(
  token: string,
  by: { readonly jwks: JwksSource; readonly expected: Expected; readonly now: number; readonly skewSeconds: number },
): Promise<Verified> {
  const header = readHeader(token)
  if (header === undefined) return { ok: false, reason: 'malformed' }
  let key: VerificationKey | undefined
  try {
    key = await by.jwks.key(header.kid)
  } catch (error) {
    if (error instanceof JwksUnavailable) return { ok: false, reason: 'unavailable' }
    throw error
  }
  if (key === undefined || key.algorithm !== header.algorithm) return { ok: false, reason: 'signature' }
  const payload = await signedPayload(token, key)
  if (payload === undefined) return { ok: false, reason: 'signature' }
  const claims = readClaims(payload)
  if (claims === undefined) return { ok: false, reason: 'malformed' }
  const fault = judgeParties(claims, by.expected) ?? judgeTime(claims, by.now, by.skewSeconds)
  return fault === undefined ? { ok: true, principal: principalOf(claims) } : { ok: false, reason: fault }
}

async function signedPayload(token: string, { key, algorithm }: VerificationKey): Promise<Uint8Array | undefined> {
  try {
    return (await compactVerify(token, key, { algorithms: [algorithm] })).payload
  } catch {
    return undefined
  }
}
