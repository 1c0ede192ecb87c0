import type { Reason } from '../errors.ts'
import type { Grant } from '../grants/grants.store.ts'
import type { Resource } from '../resources/resources.store.ts'
import { sameSecret, sha256Base64url } from '../secrets.ts'
import type { Code } from './codes.store.ts'

/** What the client sent to exchange a code. */
export interface CodeForm {
  readonly clientId: string
  readonly redirectUri: string | undefined
  readonly verifier: string
  /** The resource that the token will be for, or what is wrong with those that were named. */
  readonly resource: Resource | Reason
}

export type CodeVerdict =
  | { readonly kind: 'exchange' }
  /** All was right, but the code was used before: what it gave has to be taken back. */
  | { readonly kind: 'replay' }
  | { readonly kind: 'refuse'; readonly reason: Reason }

/**
 * Every check comes before the code is consumed, so that a request that fails leaves it usable by its owner. A replay counts as one
 * only when everything else is right: otherwise a stranger who saw a code could end somebody's grant.
 */
export function judgeCode(form: CodeForm, code: Code, grant: Grant, now: Date): CodeVerdict {
  const refuse = (reason: Reason): CodeVerdict => ({ kind: 'refuse', reason })
  if (grant.clientId !== form.clientId) return refuse('code.unknown')
  // OAuth 2.1 clients leave it out; who sends it has to send the right one.
  if (form.redirectUri !== undefined && form.redirectUri !== code.redirectUri) return refuse('redirect.differs')
  if (!sameSecret(sha256Base64url(form.verifier), code.challenge)) return refuse('pkce.mismatch')
  if (typeof form.resource === 'string') return refuse(form.resource)
  if (code.consumedAt !== null) return { kind: 'replay' }
  if (grant.endedAt !== null) return refuse('grant.ended')
  if (code.expiresAt <= now) return refuse('code.expired')
  return { kind: 'exchange' }
}

/** RFC 7636 section 4.1. */
export const isVerifier = (value: string | undefined): value is string =>
  value !== undefined && /^[A-Za-z0-9._~-]{43,128}$/.test(value)
