import { AUDITED, type AuditedData, type AuditedKind, auditSubject, envelopeOf, PLATFORM } from '@gatehouse/contracts'
import { createOutbox, type Tx } from '@gatehouse/database'
import { SOURCE } from '../feed/append.ts'
import { askedBy } from './asked-by.ts'

/** What is told: names and ids, never values. */
export interface Audited extends AuditedData {
  /** Whose it is; absent: it belongs to none. */
  readonly tenant?: string | undefined
  readonly now: Date
}

/** Beside that of the feed: a log that takes no events must not hold up what was revoked. */
export const auditOutbox = createOutbox('auth', 'audit_outbox')

/** Rows of one subject are published one after the other, those of several side by side. */
const LANES = 8

/** Tells the audit log, with the caller's transaction: the change and that it was made are there together or not at all. */
export function appendAudited(tx: Tx, kind: AuditedKind, audited: Audited): Promise<void> {
  return append(tx, auditedEvent(kind, audited))
}

export type AuditedEvent = ReturnType<typeof auditedEvent>

export function auditedEvent(kind: AuditedKind, { tenant = PLATFORM, now, ...data }: Audited) {
  const { requestId, traceparent } = askedBy()
  const about = { source: SOURCE, tenant, now, ...(traceparent === undefined ? {} : { traceparent }) }
  return envelopeOf(AUDITED[kind], about, { ...data, ...(requestId === undefined ? {} : { requestId }) })
}

export function append(tx: Tx, event: AuditedEvent): Promise<void> {
  const lane = Number.parseInt(event.id.slice(-2), 16) % LANES
  return auditOutbox.append(tx, { subject: auditSubject(`auth-${lane}`), event })
}
