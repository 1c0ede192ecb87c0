import type { Profile } from '@gatehouse/profiles'
import { OWNER } from './members.store.ts'

/**
 * Whether somebody of one role may give another, take it away, or invite to it: nobody hands out more than they have, and who owns the
 * organisation is the owners' matter.
 */
export function mayGive(own: string, role: string, roles: Profile['roles']): boolean {
  if (role === OWNER && own !== OWNER) return false
  const [held, given] = [roles[own], roles[role]]
  if (held === undefined) return false
  return own === OWNER || (given ?? []).every((permission) => held.includes(permission))
}

/** The roles that somebody may give, in the order of the profile. */
export const rolesToGive = (own: string, roles: Profile['roles']): readonly string[] =>
  Object.keys(roles).filter((role) => mayGive(own, role, roles))
