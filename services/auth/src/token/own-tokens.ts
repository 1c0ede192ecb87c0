import type { Signer } from '@gatehouse/keyring'
import type { JWK } from 'jose'
import { createLocalJWKSet, errors, type JWTPayload, jwtVerify } from 'jose'

/** What one of our access tokens says. */
export interface OwnClaims {
  readonly clientId: string
  readonly grantId: string
  readonly subject: string
  readonly scopes: readonly string[]
}

/** Reads an access token that we signed. */
export type ReadOwnToken = (token: string) => Promise<OwnClaims | undefined>

/** `undefined` for whatever is not an access token of ours, or has expired. ID tokens are told apart by `typ` (RFC 9068 section 4). */
export function createTokenReader(deps: {
  readonly issuer: string
  readonly signer: Signer
  readonly now: () => number
}): ReadOwnToken {
  const { issuer, signer, now } = deps
  return async (token) => {
    if (token.length > 8_192 || token.split('.').length !== 3) return undefined
    const keys = createLocalJWKSet({ keys: [...(await signer.publicKeys())] as JWK[] })
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        typ: 'at+jwt',
        algorithms: ['ES256'],
        currentDate: new Date(now()),
      })
      return claimsOf(payload)
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }
}

function claimsOf({ client_id, grant_id, sub, scope }: JWTPayload): OwnClaims | undefined {
  if (typeof client_id !== 'string' || typeof grant_id !== 'string' || sub === undefined) return undefined
  return {
    clientId: client_id,
    grantId: grant_id,
    subject: sub,
    scopes: typeof scope === 'string' ? scope.split(' ') : [],
  }
}
