import type { JWK } from 'jose'

export type Algorithm = 'ES256' | 'RS256'

/** Signs claims as a JWT (RFC 7519). An interface, so that a key management service can hold the key. */
export interface Signer {
  /** @param typ `at+jwt` for access tokens, `JWT` for ID tokens, …; whoever verifies tells them apart by it (RFC 8725 section 3.11) */
  sign(typ: string, claims: Readonly<Record<string, unknown>>): Promise<string>
  /** Public keys, those included that are published ahead of use and kept after it. */
  publicKeys(): Promise<readonly JWK[]>
}

/** As it stands in a key set (RFC 7517 section 4). */
export const withHeader = (publicJwk: JWK, kid: string, alg: Algorithm): JWK => ({ ...publicJwk, kid, use: 'sig', alg })

/** The input of a JWS in its compact form (RFC 7515 section 5.1, steps 3 to 5). */
export const unsigned = (header: object, claims: object): string => `${encoded(header)}.${encoded(claims)}`

const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
