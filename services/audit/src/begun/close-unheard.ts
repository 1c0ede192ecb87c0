import { setTimeout as pause } from 'node:timers/promises'
import { closedAsUnknown } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { events_insert_missing } from '../ingest/events.store.ts'
import { toRow } from '../ingest/to-row.ts'
import { begun_take_due } from './begun.store.ts'

export interface CloserDeps {
  readonly database: Database
  readonly log: Logger
  readonly metrics: Metrics
}

const LOOK_MS = 5_000
const BATCH = 500

/** Closes the calls whose lease is over and of which no end was heard. @returns how many leases were over */
export async function closeUnheard({ database, log }: Pick<CloserDeps, 'database' | 'log'>): Promise<{
  readonly due: number
  readonly closed: number
}> {
  return database.asPlatform('audit: begun', async (tx) => {
    const due = await begun_take_due(tx, BATCH)
    const rows = due.flatMap(({ envelope, ended }) => {
      const row = ended ? undefined : toRow(closedAsUnknown(envelope))
      return row === undefined || typeof row === 'string' ? [] : [row]
    })
    const closed = rows.length === 0 ? 0 : await events_insert_missing(tx, rows)
    if (closed > 0) log.warn({ calls: closed }, 'tool calls began and were never heard of again: closed as unknown')
    return { due: due.length, closed }
  })
}

/** Looks every few seconds, on any number of processes. */
export function startCloser(deps: CloserDeps): { close(): Promise<void> } {
  const stopping = new AbortController()
  const unknown = deps.metrics.counter('gatehouse_audit_unknown_total', 'Tool calls of which no end was heard.')
  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      let due = 0
      try {
        const done = await closeUnheard(deps)
        due = done.due
        unknown.inc(done.closed)
      } catch (error) {
        deps.log.warn({ err: error }, 'tool calls without an end cannot be closed yet')
      }
      if (due < BATCH) await pause(LOOK_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  }
  const working = work()
  return {
    async close() {
      stopping.abort()
      await working
    },
  }
}
