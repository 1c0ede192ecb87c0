import type { RoleChange } from '@gatehouse/contracts'

/** Gives the right to change other members' roles; a profile's roles name it. */
export const MANAGES_MEMBERS = 'members:manage'

export interface RoleQuestion {
  /** Permissions of each role, as the profile has them. */
  readonly roles: Readonly<Record<string, readonly string[]>>
  /** Role of the person who asks, now; absent: they do not belong any more. */
  readonly actor: string | undefined
  /** Role of the member whose role is to change; absent: there is no such member. */
  readonly member: string | undefined
  readonly to: string
  /** Roles of the members who can sign in, the member among them. */
  readonly all: readonly string[]
}

/**
 * May this person give that member this role? Nobody gives, or takes, what their own role does not permit, so nobody comes by more than they
 * have; and somebody who manages members stays. Pure.
 */
export function judgeRoleChange({ roles, actor, member, to, all }: RoleQuestion): RoleChange {
  const permits = (role: string): readonly string[] => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : [])
  const manages = (role: string): boolean => permits(role).includes(MANAGES_MEMBERS)
  const own = actor === undefined ? [] : permits(actor)
  const withinOwn = (role: string): boolean => permits(role).every((permission) => own.includes(permission))
  const givable = Object.keys(roles).filter(withinOwn)
  const refuse = (why: Extract<RoleChange, { kind: 'refused' }>['why']): RoleChange => ({
    kind: 'refused',
    why,
    roles: why === 'actor.not-allowed' ? [] : givable,
  })
  if (actor === undefined || !manages(actor)) return refuse('actor.not-allowed')
  if (member === undefined) return refuse('member.unknown')
  if (!Object.hasOwn(roles, to)) return refuse('role.unknown')
  if (member === to) return { kind: 'unchanged', role: to }
  if (!withinOwn(member) || !withinOwn(to)) return refuse('role.beyond-own')
  if (manages(member) && !manages(to) && all.filter(manages).length <= 1) return refuse('member.last-manager')
  return { kind: 'changed', from: member, to }
}
