import type { ACTOR_KINDS } from '@gatehouse/contracts'
import type { Tx } from '@gatehouse/database'
import { appendAudited } from '../audit/append.ts'
import { appendRevoked } from '../feed/append.ts'
import { consent_end, consent_end_of_resource } from './consents.store.ts'
import { grant_end, grant_list_living_of_consent, grant_list_living_of_resource } from './grants.store.ts'

/** Why a grant ended, as it stands in the event and in the row. */
export type EndReason =
  | 'code.replayed'
  | 'refresh.reused'
  | 'client.revoked'
  | 'person.revoked'
  | 'person.deactivated'
  | 'membership.ended'
  | 'operator.revoked'
  | 'resource.removed'
  | 'client.not-let-in'

/** Who ends one for this reason. */
const REVOKERS = {
  'code.replayed': 'platform',
  'refresh.reused': 'platform',
  'client.revoked': 'client',
  'person.revoked': 'person',
  'person.deactivated': 'operator',
  'membership.ended': 'operator',
  'operator.revoked': 'operator',
  'resource.removed': 'operator',
  'client.not-let-in': 'platform',
} as const satisfies Record<EndReason, (typeof ACTOR_KINDS)[number]>

/** Ends a grant and tells every node; nothing happens to one that has ended. @returns whether it was living */
export async function endGrant(tx: Tx, id: string, reason: EndReason, now: Date): Promise<boolean> {
  const ended = await grant_end(tx, id, reason, now)
  if (ended === undefined) return false
  await appendRevoked(tx, ended.tenantId, { kind: 'grant', grant: id, reason })
  await appendAudited(tx, 'accessRevoked', {
    tenant: ended.tenantId,
    actor: { kind: REVOKERS[reason], grant: id },
    outcome: 'succeeded',
    reason,
    object: { kind: 'grant', id },
    now,
  })
  return true
}

/** Ends a person's consent with every grant that rests on it. @returns the client's name and how many ended; nothing when there was no such consent */
export async function endConsent(
  tx: Tx,
  id: string,
  of: { readonly personId: string; readonly reason: 'person.revoked' | 'operator.revoked'; readonly now: Date },
): Promise<{ readonly clientName: string; readonly grants: number } | undefined> {
  const ended = await consent_end(tx, id, of.personId, of.now)
  if (ended === undefined) return undefined
  const grants = await grant_list_living_of_consent(tx, ended)
  for (const grant of grants) await endGrant(tx, grant.id, of.reason, of.now)
  return { clientName: ended.clientName, grants: grants.length }
}

/** Ends what people allowed at a resource that is no more. @returns how many grants ended */
export async function endGrantsOfResource(tx: Tx, resource: string, now: Date): Promise<number> {
  await consent_end_of_resource(tx, resource, now)
  const grants = await grant_list_living_of_resource(tx, resource)
  for (const grant of grants) await endGrant(tx, grant.id, 'resource.removed', now)
  return grants.length
}
