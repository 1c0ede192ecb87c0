import type { Principal } from '@gatehouse/policy'
import type { Profile } from '@gatehouse/profiles'
import type { TokenVerifier } from '@gatehouse/token'
import type { Presented } from './authorization.ts'
import type { KeyCache } from './key-cache.ts'

export type Proven =
  | { readonly ok: true; readonly principal: Principal }
  | { readonly ok: false; readonly reason: 'missing' | 'malformed' | 'refused' | 'unavailable' | 'throttled' }

/** Turns what was presented into a principal, by the kinds of credentials that the profile accepts. */
export function createProof(options: {
  readonly profile: Profile
  readonly verifier: TokenVerifier
  readonly keys: KeyCache
}): (presented: Presented, address: string) => Proven | Promise<Proven> {
  const { profile, verifier, keys } = options
  const accepted = new Set(profile.credentials)
  const verify = async (token: string): Promise<Proven> => {
    const verified = await verifier.verify(token)
    if (verified.ok) return verified
    return { ok: false, reason: verified.reason === 'unavailable' ? 'unavailable' : 'refused' }
  }
  return (presented, address) => {
    if (presented.kind === 'none') return { ok: false, reason: 'missing' }
    if (presented.kind === 'malformed') return { ok: false, reason: 'malformed' }
    if (accepted.has('api-key') && presented.value.startsWith(profile.apiKeyPrefix)) {
      return keys.principalOf(presented.value, address)
    }
    if (!accepted.has('oauth')) return { ok: false, reason: 'refused' }
    return verifier.known(presented.value) ?? verify(presented.value)
  }
}
