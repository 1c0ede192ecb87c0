import type { Bus, Consumer, IncomingMessage } from '@gatehouse/bus'
import { AUDIT_DURABLE, STREAMS } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Logger, Metrics, Tracing } from '@gatehouse/telemetry'
import { readMessage } from './read-message.ts'
import { storeBatch } from './store-batch.ts'

export interface IngestOptions {
  readonly bus: Pick<Bus, 'consume'>
  readonly database: Database
  readonly log: Logger
  readonly metrics: Metrics
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

const MAX_BATCH = 100

/**
 * Stores what arrives on the audit stream: first the rows, then the acknowledgement, so nothing is lost, and a repeated delivery
 * changes nothing. While the database is away messages stay in the stream and come again.
 */
export function startIngest({ bus, database, log, metrics, tracing }: IngestOptions): Promise<Consumer> {
  const events = metrics.counter('gatehouse_audit_events_total', 'Events taken from the bus, by what became of them.', [
    'result',
  ])
  const failures = metrics.counter(
    'gatehouse_audit_ingest_failures_total',
    'Batches that could not be stored and come again.',
  )
  return bus.consume(STREAMS.audit.name, { durable: AUDIT_DURABLE, maxBatch: MAX_BATCH }, async (messages) => {
    const began = Date.now()
    try {
      const { stored, repeated, dead } = await storeBatch(database, messages)
      if (tracing !== undefined) traceStored(tracing, messages, began)
      events.inc({ result: 'stored' }, stored)
      events.inc({ result: 'repeated' }, repeated)
      events.inc({ result: 'dead' }, dead.length)
      for (const { origin, reason } of dead) log.error({ ...origin, reason }, 'an audit event was set aside')
    } catch (error) {
      failures.inc()
      log.warn({ err: error, messages: messages.length }, 'audit events cannot be stored; they will come again')
      throw error
    }
  })
}

/** A span for each event of a batch, in the trace of its call: events of many travel together. */
function traceStored(tracing: Tracing, messages: readonly IncomingMessage[], began: number): void {
  for (const { row } of messages.flatMap((message) => readMessage(message).good)) {
    if (row.traceparent === null) continue
    const facts = { 'messaging.system': 'nats', 'messaging.operation.name': 'process', 'gatehouse.tenant': row.tenant }
    tracing.past('store audit event', { kind: 'consumer', parent: row.traceparent, facts }, began)
  }
}
