import type { RoleChange } from '@gatehouse/contracts'
import type { Profile } from '@gatehouse/profiles'
import { mayGive, rolesToGive } from '../accounts/judge-member.ts'
import { permits } from '../settings/access.ts'

export interface RoleQuestion {
  /** Role of the person who asks, now; absent: they do not belong any more. */
  readonly own: string | undefined
  /** Role of the member whose role is to change; absent: there is no such member. */
  readonly member: string | undefined
  readonly to: string
}

/** May this person give that member this role? The rules of the page where members are managed. `undefined`: they may. Pure. */
export function judgeRoleChange({ own, member, to }: RoleQuestion, profile: Profile): RoleChange | undefined {
  const refuse = (why: Extract<RoleChange, { kind: 'refused' }>['why']): RoleChange => ({
    kind: 'refused',
    why,
    roles: own === undefined || why === 'actor.not-allowed' ? [] : [...rolesToGive(own, profile.roles)],
  })
  if (own === undefined || !Object.hasOwn(profile.roles, own) || !permits(profile, own, 'members'))
    return refuse('actor.not-allowed')
  if (member === undefined) return refuse('member.unknown')
  if (!Object.hasOwn(profile.roles, to)) return refuse('role.unknown')
  if (member === to) return { kind: 'unchanged', role: to }
  if (![member, to].every((role) => mayGive(own, role, profile.roles))) return refuse('role.beyond-own')
  return undefined
}
