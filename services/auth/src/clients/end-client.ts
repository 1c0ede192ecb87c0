import { PLATFORM } from '@gatehouse/contracts'
import { sql, type Tx } from '@gatehouse/database'
import { appendAudited } from '../audit/append.ts'
import { appendRevoked } from '../feed/append.ts'
import { type ClientEnd, client_end } from './clients.store.ts'

/** Takes back whatever a client holds, and tells every node. Consents stay: they are the person's. */
export async function revokeClient(tx: Tx, id: string, reason: string, now: Date): Promise<void> {
  await client_end_grants(tx, id, reason, now)
  await appendRevoked(tx, PLATFORM, { kind: 'client', client: id, reason })
}

/**
 * A client is gone, with everything that it held.
 * @param heldBy hash of the registration token that this rests on, when it is the client's own wish
 * @returns whether it was there
 */
export async function endClient(
  tx: Tx,
  id: string,
  reason: ClientEnd,
  now: Date,
  heldBy?: Uint8Array,
): Promise<boolean> {
  if ((await client_end(tx, id, reason, now, heldBy)) === 0) return false
  await client_end_consents(tx, id, now)
  await revokeClient(tx, id, `client.${reason}`, now)
  await appendClient(tx, 'clientDeleted', { id, by: heldBy === undefined ? 'platform' : 'client', reason, now })
  return true
}

/** That a client came to be, changed or went, by itself or by schedule; what an operator does to it is told as that. */
export const appendClient = (
  tx: Tx,
  kind: 'clientRegistered' | 'clientChanged' | 'clientDeleted',
  of: { readonly id: string; readonly by: 'client' | 'platform'; readonly reason?: string; readonly now: Date },
): Promise<void> =>
  appendAudited(tx, kind, {
    actor: { kind: of.by, ...(of.by === 'client' ? { id: of.id } : {}) },
    outcome: 'succeeded',
    ...(of.reason === undefined ? {} : { reason: of.reason }),
    object: { kind: 'client', id: of.id },
    now: of.now,
  })

const client_end_grants = (tx: Tx, id: string, reason: string, now: Date) =>
  tx.run(sql`
    update auth.grants set ended_at = ${now}, end_reason = ${reason} where client_id = ${id} and ended_at is null`)

const client_end_consents = (tx: Tx, id: string, now: Date) =>
  tx.run(sql`update auth.consents set ended_at = ${now} where client_id = ${id} and ended_at is null`)
