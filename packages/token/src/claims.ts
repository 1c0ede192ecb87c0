import { PLATFORM } from '@gatehouse/contracts'
import type { Principal } from '@gatehouse/policy'
import { z } from 'zod'
import { canonicalResource } from './resource.ts'
import type { TokenFault } from './verified.ts'

const id = z.string().min(1).max(512)
const seconds = z.number().int().nonnegative()

/** Claims of an access token (RFC 9068 section 2.2), with `tenant_id`, `roles`, `roles_at` and `grant_id` of our own. */
const claims = z.object({
  iss: id,
  sub: id,
  aud: z.union([id, z.array(id)]),
  client_id: id,
  iat: seconds,
  exp: seconds,
  nbf: seconds.optional(),
  jti: id,
  scope: z.string().default(''),
  /** Absent for a client that acts in no tenant. */
  tenant_id: id.optional(),
  roles: z.array(z.string()).default([]),
  /** The change that gave them, as its revocation is dated: of what was taken back before, the token is no part. */
  roles_at: seconds.optional(),
  grant_id: id.optional(),
})
export type Claims = z.infer<typeof claims>

/** `undefined` where the payload is no set of claims of an access token. Never throws. */
export function readClaims(payload: Uint8Array): Claims | undefined {
  try {
    const parsed = claims.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}

export interface Expected {
  readonly issuers: ReadonlySet<string>
  /** In canonical form. */
  readonly audiences: ReadonlySet<string>
  /** Absent: any; `null`: none, a client that acts for itself alone. */
  readonly tenant?: string | null | undefined
}

/** Whether claims were made by whom and for whom we expect. A token for several audiences could be replayed among them. */
export function judgeParties(claims: Claims, expected: Expected): TokenFault | undefined {
  if (!expected.issuers.has(claims.iss)) return 'issuer'
  const audiences = typeof claims.aud === 'string' ? [claims.aud] : claims.aud
  const [audience] = audiences
  if (audience === undefined || audiences.length > 1) return 'audience'
  if (!expected.audiences.has(canonicalResource(audience))) return 'audience'
  const { tenant_id: tenant } = claims
  if (expected.tenant === null) return tenant === undefined ? undefined : 'tenant'
  if (tenant === undefined) return 'malformed'
  return expected.tenant === undefined || expected.tenant === tenant ? undefined : 'tenant'
}

/**
 * Whether now (seconds) lies in the token's time. A token from the future is refused like an expired one: its `iat` would put
 * it beyond every revocation.
 */
export function judgeTime(
  time: { readonly iat: number; readonly exp: number; readonly nbf?: number | undefined },
  now: number,
  skewSeconds: number,
): TokenFault | undefined {
  if (time.exp + skewSeconds <= now) return 'expired'
  return Math.max(time.iat, time.nbf ?? 0) > now + skewSeconds ? 'expired' : undefined
}

export function principalOf(claims: Claims): Principal {
  return {
    tenant: claims.tenant_id ?? PLATFORM,
    // RFC 9068 section 5: a token without a person has the client as its subject.
    kind: claims.sub === claims.client_id ? 'service' : 'person',
    subject: claims.sub,
    client: claims.client_id,
    scopes: new Set(claims.scope.split(' ').filter((scope) => scope !== '')),
    roles: claims.roles,
    ...(claims.roles_at === undefined ? {} : { rolesAt: claims.roles_at }),
    ...(claims.grant_id === undefined ? {} : { grant: claims.grant_id }),
    credential: 'oauth',
    credentialId: claims.jti,
    issuedAt: claims.iat,
    expiresAt: claims.exp,
  }
}
