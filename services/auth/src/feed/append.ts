import {
  type CloudEvent,
  DELTA_SUBJECTS,
  FEED_HEADER,
  type Revocation,
  Revoked,
  sealEvent,
  stateSubject,
  TenantState,
} from '@gatehouse/contracts'
import { createOutbox, sql, type Tx } from '@gatehouse/database'
import type { Tenant } from '../tenants/tenants.store.ts'

export const SOURCE = '/services/auth'

export const outbox = createOutbox('auth')

/** Who this database is, and what it takes for now: revocations are dated by it and by no node's clock. */
const feed_get = (tx: Tx) =>
  tx.one<{ readonly id: string; readonly now: Date }>(sql`select id, clock_timestamp() as now from auth.feed`)

export const feed_id = async (tx: Tx): Promise<string> => (await feed_get(tx)).id

type WithoutTime<R> = R extends Revocation ? Omit<R, 'at'> : never

/**
 * Tells every node, with the caller's transaction, that something was taken back.
 * @param dated by the database's clock, where it is dated already
 */
export async function appendRevoked(
  tx: Tx,
  tenant: string,
  taken: WithoutTime<Revocation>,
  dated?: Date,
): Promise<void> {
  const feed = await feed_get(tx)
  const revocation = { ...taken, at: Math.floor((dated ?? feed.now).getTime() / 1_000) } as Revocation
  const event: CloudEvent = sealEvent(Revoked, { source: SOURCE, tenant, now: feed.now }, revocation)
  await outbox.append(tx, { subject: DELTA_SUBJECTS.revoked(revocation), event }, { [FEED_HEADER]: feed.id })
}

/** Tells every node, with the caller's transaction, which organisation a person has selected and what they are there. */
export async function appendSwitch(
  tx: Tx,
  of: { readonly personId: string; readonly tenantId: string; readonly role: string },
): Promise<void> {
  const { now } = await feed_get(tx)
  const about = { person: of.personId, tenant: of.tenantId, roles: [of.role], order: now.getTime() }
  await appendRevoked(tx, of.tenantId, { kind: 'tenant-switch', ...about, reason: 'person.switched' })
}

/** Tells every node, with the caller's transaction, what a tenant is now. */
export async function appendTenantState(tx: Tx, tenant: Tenant): Promise<void> {
  const feed = await feed_get(tx)
  const { id, ...facts } = tenant
  const event = sealEvent(TenantState, { source: SOURCE, tenant: id, now: feed.now }, { tenant: id, ...facts })
  await outbox.append(tx, { subject: stateSubject('tenant', id), event }, { [FEED_HEADER]: feed.id })
}
