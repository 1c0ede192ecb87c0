import type { Principal } from '@gatehouse/policy'

/**
 * Why a token is refused. All but `unavailable` are `invalid_token` to the client (RFC 6750 section 3.1);
 * `unavailable` says nothing about the token: the issuer's keys cannot be had, so the answer is 503.
 */
export type TokenFault =
  | 'malformed'
  | 'signature'
  | 'expired'
  | 'audience'
  | 'issuer'
  | 'tenant'
  | 'revoked'
  | 'unavailable'

export type Verified =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reason: TokenFault }
