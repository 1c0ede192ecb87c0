import type { Tx } from '@gatehouse/database'
import { Refusal } from '../errors.ts'
import type { Grant } from '../grants/grants.store.ts'
import { type Member, member_get, type Person } from '../people/people.store.ts'

/** Whom a token speaks for. */
export interface Holder {
  /** The person; for a client that acts for itself the client (RFC 9068 section 2.2). */
  readonly subject: string
  readonly clientId: string
  /** Absent for a client that acts in no tenant. */
  readonly tenantId?: string
  readonly roles: readonly string[]
  readonly grantId?: string
  /** When the person had signed in. */
  readonly authTime?: Date
  readonly person?: Person
}

/** Who a grant speaks for, as they are now. @throws Refusal when they left the tenant */
export const holderOf = async (tx: Tx, grant: Grant): Promise<Holder> =>
  asHolder(grant, await member_get(tx, grant.personId, grant.tenantId))

/** The same of a member that was read before. @throws Refusal */
export function asHolder(grant: Grant, member: Member | undefined): Holder {
  if (member === undefined) throw new Refusal('membership.ended')
  const { role, ...person } = member
  return {
    subject: person.id,
    clientId: grant.clientId,
    tenantId: grant.tenantId,
    roles: [role],
    grantId: grant.id,
    authTime: grant.authTime,
    person,
  }
}
