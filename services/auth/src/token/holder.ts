import type { Tx } from '@gatehouse/database'
import { Refusal } from '../errors.ts'
import type { Grant } from '../grants/grants.store.ts'
import { type Member, member_get, member_get_selected, type Person } from '../people/people.store.ts'

/** Whom a token speaks for. */
export interface Holder {
  /** The person; for a client that acts for itself the client (RFC 9068 section 2.2). */
  readonly subject: string
  readonly clientId: string
  /** Absent for a client that acts in no tenant. */
  readonly tenantId?: string
  readonly roles: readonly string[]
  /** As which the change that gave these roles is dated where it is told. */
  readonly rolesAt?: Date
  readonly grantId?: string
  /** When the person had signed in. */
  readonly authTime?: Date
  readonly person?: Person
}

/**
 * Who a grant speaks for, as they are now.
 * @param follows whether in the organisation that they have selected, and not in the one of the grant
 * @throws Refusal when they belong to it no longer, or to none
 */
export async function holderOf(tx: Tx, grant: Grant, follows: boolean): Promise<Holder> {
  if (!follows) return asHolder(grant, await member_get(tx, grant.personId, grant.tenantId))
  const member = await member_get_selected(tx, grant.personId)
  return asHolder(member === undefined ? grant : { ...grant, tenantId: member.tenantId }, member)
}

/** The same of a member that was read before. @throws Refusal */
export function asHolder(grant: Omit<Grant, 'consentId'>, member: Member | undefined): Holder {
  if (member === undefined) throw new Refusal('membership.ended')
  const { role, roleSince, id, email, name } = member
  const person = { id, email, name }
  return {
    subject: person.id,
    clientId: grant.clientId,
    tenantId: grant.tenantId,
    roles: [role],
    ...(roleSince === null ? {} : { rolesAt: roleSince }),
    grantId: grant.id,
    authTime: grant.authTime,
    person,
  }
}
