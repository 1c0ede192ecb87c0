import type { Call } from '@gatehouse/catalog'
import { domainSubject, type EventKind, sealEvent } from '@gatehouse/contracts'
import { createOutbox } from '@gatehouse/database'
import type { z } from 'zod'
import type { Fixtures } from './domain.ts'

const outbox = createOutbox('conformance')

/** Tells the caller's tenant that something happened. */
export function announce<S extends z.ZodType>(
  { principal, now, traceparent, transact }: Call & Fixtures,
  kind: EventKind<string, S>,
  data: z.input<S>,
): Promise<void> {
  const { tenant } = principal
  const about = { source: '/catalogs/conformance', tenant, now, ...(traceparent === undefined ? {} : { traceparent }) }
  return transact((tx) =>
    outbox.append(tx, { subject: domainSubject(tenant, kind.name), event: sealEvent(kind, about, data) }),
  )
}
