import type { Tx } from '@gatehouse/database'
import { renewKeysOf } from '../api-keys/api-keys.ts'
import { appendRevoked } from '../feed/append.ts'
import { endAllAccess, endGrantsOf } from '../people/end-access.ts'
import {
  account_erase,
  account_lock,
  membership_delete,
  membership_get,
  membership_set_role,
} from '../people/people.store.ts'
import { link_end_of_person } from './links.store.ts'
import { OWNER, others_count, tenant_hold_owners, tenant_list_owned } from './members.store.ts'

/** What became of a change of who belongs to a tenant. */
export type MemberChange =
  | { readonly kind: 'done'; readonly grants: number }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'owner.last' }

const DONE: MemberChange = { kind: 'done', grants: 0 }

/**
 * Whether the tenant would be left without an owner. It is held from here on, so that of two owners who go at once one finds that they are
 * the last. Part of a transaction that holds the person.
 */
async function isLastOwner(tx: Tx, personId: string, tenantId: string): Promise<boolean> {
  await tenant_hold_owners(tx, tenantId)
  const member = await membership_get(tx, personId, tenantId)
  return member?.role === OWNER && (await others_count(tx, tenantId, personId)).owners === 0
}

/** Gives a member another role; tokens that name the old one are refused everywhere within a second. */
export async function changeRole(tx: Tx, personId: string, tenantId: string, role: string): Promise<MemberChange> {
  await account_lock(tx, personId)
  const before = await membership_get(tx, personId, tenantId)
  if (before === undefined) return { kind: 'unknown' }
  if (before.role === role) return DONE
  if (role !== OWNER && (await isLastOwner(tx, personId, tenantId))) return { kind: 'owner.last' }
  const changed = await membership_set_role(tx, { personId, tenantId, role })
  const taken = { kind: 'membership', person: personId, tenant: tenantId, reason: 'role.changed' } as const
  await appendRevoked(tx, tenantId, taken, changed?.at)
  await renewKeysOf(tx, personId, tenantId)
  return DONE
}

/** Takes somebody out of a tenant: what they allowed there ends, and their tokens for it. */
export async function removeMember(tx: Tx, personId: string, tenantId: string, now: Date): Promise<MemberChange> {
  await account_lock(tx, personId)
  if (await isLastOwner(tx, personId, tenantId)) return { kind: 'owner.last' }
  const removed = await membership_delete(tx, personId, tenantId)
  if (removed === undefined) return { kind: 'unknown' }
  const grants = await endGrantsOf(tx, personId, { tenantId, reason: 'membership.ended', now })
  const reason = 'membership.ended'
  await appendRevoked(tx, tenantId, { kind: 'membership', person: personId, tenant: tenantId, reason }, removed.at)
  await renewKeysOf(tx, personId, tenantId)
  return { kind: 'done', grants }
}

/**
 * Deletes an account: everything that names the person goes, and nothing they held is good any more. The id stays, so that grants that ended
 * can be told again to nodes, and is never given to anybody else. The last owner of an organisation where others are stays.
 */
export async function deletePerson(tx: Tx, personId: string, now: Date): Promise<MemberChange> {
  if ((await account_lock(tx, personId)) === undefined) return { kind: 'unknown' }
  for (const { tenantId } of await tenant_list_owned(tx, personId)) {
    const last = await isLastOwner(tx, personId, tenantId)
    if (last && (await others_count(tx, tenantId, personId)).members > 0) return { kind: 'owner.last' }
  }
  await endAllAccess(tx, personId, 'person.deactivated', now)
  await link_end_of_person(tx, personId, now)
  await account_erase(tx, personId, now)
  return DONE
}
