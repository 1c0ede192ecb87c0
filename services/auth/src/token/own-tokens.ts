import type { Signer } from '@gatehouse/keyring'
import type { JWK } from 'jose'
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'
import { z } from 'zod'

const claims = z
  .object({
    iss: z.string(),
    sub: z.string(),
    aud: z.string(),
    client_id: z.string(),
    jti: z.string(),
    iat: z.number(),
    exp: z.number(),
    scope: z.string().default(''),
    tenant_id: z.string().optional(),
    grant_id: z.string().optional(),
    auth_time: z.number().optional(),
  })
  .transform((of) => ({
    issuer: of.iss,
    subject: of.sub,
    /** Identifier of the resource that it is for. */
    audience: of.aud,
    clientId: of.client_id,
    jti: of.jti,
    issuedAt: of.iat,
    expiresAt: of.exp,
    scopes: of.scope.split(' ').filter((scope) => scope !== ''),
    /** Absent for a client that acts in no tenant. */
    tenantId: of.tenant_id,
    /** Absent for a client that acts for itself. */
    grantId: of.grant_id,
    authTime: of.auth_time,
  }))

/** What one of our access tokens says. Times in seconds since the epoch. */
export type OwnClaims = Readonly<z.output<typeof claims>>

/** Reads an access token that we signed. */
export type ReadOwnToken = (token: string) => Promise<OwnClaims | undefined>

/** `undefined` for whatever is not an access token of ours, or has expired. ID tokens are told apart by `typ` (RFC 9068 section 4). */
export function createTokenReader(deps: {
  /** Whose tokens are read. */
  readonly isIssuer: (issuer: string) => boolean
  readonly signer: Signer
  readonly now: () => number
}): ReadOwnToken {
  const { isIssuer, signer, now } = deps
  return async (token) => {
    if (token.length > 8_192 || token.split('.').length !== 3) return undefined
    const keys = createLocalJWKSet({ keys: [...(await signer.publicKeys())] as JWK[] })
    try {
      const { payload } = await jwtVerify(token, keys, {
        typ: 'at+jwt',
        algorithms: ['ES256', 'RS256'],
        currentDate: new Date(now()),
      })
      const claims = claimsOf(payload)
      return claims !== undefined && isIssuer(claims.issuer) ? claims : undefined
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }
}

function claimsOf(payload: JWTPayload): OwnClaims | undefined {
  const parsed = claims.safeParse(payload)
  return parsed.success ? parsed.data : undefined
}
