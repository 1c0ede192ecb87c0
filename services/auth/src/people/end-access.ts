import { PLATFORM } from '@gatehouse/contracts'
import { sql, type Tx } from '@gatehouse/database'
import { renewKeysOf } from '../api-keys/api-keys.ts'
import { appendRevoked } from '../feed/append.ts'
import { type EndReason, endGrant } from '../grants/revoke.ts'
import { session_delete_all_of_person } from './sessions.store.ts'

/** Grants of a person that live, held, in the order in which everybody holds them. */
const grant_list_living_of_person = (tx: Tx, personId: string, tenantId: string | undefined) =>
  tx.rows<{ readonly id: string }>(sql`
    select id from auth.grants
    where person_id = ${personId} and ended_at is null
      and (${tenantId ?? null}::text is null or tenant_id = ${tenantId ?? null})
    order by id for update`)

/** Consents that live; the next authorization asks anew. */
const consent_end_of_person = (tx: Tx, personId: string, tenantId: string | undefined, now: Date) =>
  tx.run(sql`
    update auth.consents set ended_at = ${now}
    where person_id = ${personId} and ended_at is null
      and (${tenantId ?? null}::text is null or tenant_id = ${tenantId ?? null})`)

/** Takes back what applications may do for a person, everywhere or in one organisation. @returns how many grants lived */
export async function endGrantsOf(
  tx: Tx,
  personId: string,
  of: { readonly tenantId?: string; readonly reason: EndReason; readonly now: Date },
): Promise<number> {
  await consent_end_of_person(tx, personId, of.tenantId, of.now)
  const grants = await grant_list_living_of_person(tx, personId, of.tenantId)
  for (const { id } of grants) await endGrant(tx, id, of.reason, of.now)
  return grants.length
}

/**
 * Nothing that a person holds is good any more: sessions, grants, and tokens already out there. For accounts that are deactivated or
 * deleted. Part of the caller's transaction, which holds the person.
 */
export async function endAllAccess(tx: Tx, personId: string, reason: EndReason, now: Date): Promise<void> {
  await session_delete_all_of_person(tx, personId)
  await endGrantsOf(tx, personId, { reason, now })
  await appendRevoked(tx, PLATFORM, { kind: 'person', person: personId, reason })
  await renewKeysOf(tx, personId)
}
