import type { Site } from '@gatehouse/profiles'
import { createTokenVerifier, type TokenVerifier, type TokenVerifierOptions } from '@gatehouse/token'

/** Of one tenant's host; there are many. */
const TOKENS_PER_HOST = 1_000

/** One verifier a tenant's host: keys are the same for all, while issuer, audience and tenant have to be those of the host. */
export const hostVerifiers =
  (options: Pick<TokenVerifierOptions, 'jwks' | 'clock'> & Required<Pick<TokenVerifierOptions, 'feed'>>) =>
  ({ issuer, resource }: Site, tenant: string): TokenVerifier =>
    createTokenVerifier({
      ...options,
      issuers: [issuer],
      audiences: [resource],
      tenant,
      cacheSize: TOKENS_PER_HOST,
    })
