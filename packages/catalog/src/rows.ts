import { domainSubject, type EventKind, sealEvent } from '@gatehouse/contracts'
import { createOutbox, type Database, type Tx } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import type { z } from 'zod'
import type { Call } from './define.ts'

/** What handlers of a catalog on PostgreSQL get beside the call. */
export interface Rows {
  /** A transaction that sees the rows of the principal's tenant and no others. */
  readonly transact: <T>(body: (tx: Tx) => Promise<T>) => Promise<T>
}

/** `open` of such a catalog. */
export const openRows =
  ({ db }: { readonly db: Database }) =>
  (principal: Principal): Rows => ({
    transact<T>(body: (tx: Tx) => Promise<T>) {
      return db.asTenant(principal.tenant, body)
    },
  })

/**
 * Tells the world what a transaction did, if it commits. Call it after the statement that changes the row: events of one subject go out in
 * this order.
 */
export type Announce = <S extends z.ZodType>(
  tx: Tx,
  call: Pick<Call, 'principal' | 'now' | 'traceparent'>,
  kind: EventKind<string, S>,
  data: z.input<S>,
) => Promise<void>

/** @param schema the catalog's, with a table `outbox` (packages/database/src/outbox.ts) */
export function announceIn(schema: string): Announce {
  const outbox = createOutbox(schema)
  return async (tx, { principal: { tenant }, now, traceparent }, kind, data) => {
    const about = { source: `/catalogs/${schema}`, tenant, now, ...(traceparent === undefined ? {} : { traceparent }) }
    await outbox.append(tx, { subject: domainSubject(tenant, kind.name), event: sealEvent(kind, about, data) })
  }
}
