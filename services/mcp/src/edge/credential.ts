import type { Principal } from '@gatehouse/policy'
import type { Profile } from '@gatehouse/profiles'
import type { TokenVerifier } from '@gatehouse/token'
import type { Presented } from './authorization.ts'
import type { KeyFault } from './judge-key.ts'
import type { KeyCache } from './key-cache.ts'

export type Proven =
  | { readonly ok: true; readonly principal: Principal }
  | {
      readonly ok: false
      readonly reason: 'missing' | 'malformed' | 'refused' | 'unavailable' | 'throttled' | KeyFault
    }

/** @param from is asked for its address only where that matters: with most requests it does not */
export type Prove = (presented: Presented, from: { readonly address: string }) => Proven | Promise<Proven>

/** Turns what was presented into a principal, by the kinds of credentials that the profile accepts. */
export function createProof(options: {
  readonly profile: Profile
  /** Absent: tokens are not taken here. */
  readonly verifier: TokenVerifier | undefined
  readonly keys: KeyCache
}): Prove {
  const { profile, verifier, keys } = options
  const accepted = new Set(profile.credentials)
  const verify = async (token: string, verifier: TokenVerifier): Promise<Proven> => {
    const verified = await verifier.verify(token)
    if (verified.ok) return verified
    return { ok: false, reason: verified.reason === 'unavailable' ? 'unavailable' : 'refused' }
  }
  return (presented, from) => {
    if (presented.kind === 'none') return { ok: false, reason: 'missing' }
    if (presented.kind === 'malformed') return { ok: false, reason: 'malformed' }
    if (accepted.has('api-key') && presented.value.startsWith(profile.apiKeyPrefix)) {
      return keys.principalOf(presented.value, from.address)
    }
    if (verifier === undefined || !accepted.has('oauth')) return { ok: false, reason: 'refused' }
    return verifier.known(presented.value) ?? verify(presented.value, verifier)
  }
}
