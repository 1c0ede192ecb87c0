import type { Bus, Consumer } from '@gatehouse/bus'
import { AUDIT_DURABLE, STREAMS } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { storeBatch } from './store-batch.ts'

export interface IngestOptions {
  readonly bus: Bus
  readonly database: Database
  readonly log: Logger
  readonly metrics: Metrics
}

const MAX_BATCH = 100

/**
 * Stores what arrives on the audit stream: first the rows, then the acknowledgement, so nothing is lost, and a repeated delivery
 * changes nothing. While the database is away messages stay in the stream and come again.
 */
export function startIngest({ bus, database, log, metrics }: IngestOptions): Promise<Consumer> {
  const events = metrics.counter('gatehouse_audit_events_total', 'Events taken from the bus, by what became of them.', [
    'result',
  ])
  const failures = metrics.counter(
    'gatehouse_audit_ingest_failures_total',
    'Batches that could not be stored and come again.',
  )
  return bus.consume(STREAMS.audit.name, { durable: AUDIT_DURABLE, maxBatch: MAX_BATCH }, async (messages) => {
    try {
      const { stored, repeated, dead } = await storeBatch(database, messages)
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
