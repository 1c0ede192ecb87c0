import type { CryptoKey } from 'jose'

/** Algorithms that sign access tokens here. Symmetric ones and `none` are not among them (RFC 8725 section 3.1). */
export const ALGORITHMS = ['ES256', 'RS256'] as const
export type Algorithm = (typeof ALGORITHMS)[number]

/** A public key with the one algorithm that it may verify. */
export interface VerificationKey {
  readonly algorithm: Algorithm
  readonly key: CryptoKey
}

/** Where an issuer's public keys come from. */
export interface JwksSource {
  /** The key of this id, or `undefined` when the issuer has none such. @throws JwksUnavailable */
  key(kid: string): Promise<VerificationKey | undefined>
}

/** The issuer's keys cannot be had now: nothing can be said about a token. */
export class JwksUnavailable extends Error {
  constructor(cause: unknown) {
    super('the keys of the issuer cannot be had', { cause })
    this.name = 'JwksUnavailable'
  }
}
