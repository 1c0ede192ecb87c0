import type { Call } from '@gatehouse/catalog'
import { domainSubject, type EventKind, sealEvent } from '@gatehouse/contracts'
import { createOutbox, type Tx } from '@gatehouse/database'
import type { z } from 'zod'

const outbox = createOutbox('tracker')

/**
 * Tells the world what this transaction did, if it commits. Call it after the statement that changes the row: events of one
 * subject go out in this order.
 */
export async function announce<S extends z.ZodType>(
  tx: Tx,
  call: Pick<Call, 'principal' | 'now' | 'traceparent'>,
  kind: EventKind<string, S>,
  data: z.input<S>,
): Promise<void> {
  const { tenant } = call.principal
  const { now, traceparent } = call
  const about = { source: '/catalogs/tracker', tenant, now, ...(traceparent === undefined ? {} : { traceparent }) }
  await outbox.append(tx, { subject: domainSubject(tenant, kind.name), event: sealEvent(kind, about, data) })
}
