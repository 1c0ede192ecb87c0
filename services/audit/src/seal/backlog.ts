import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Metrics } from '@gatehouse/telemetry'
import { unsealed_count_up_to, unsealed_waiting, type Waiting } from './seal.store.ts'

/** How much no head proves yet, for whoever watches. */
export interface Backlog {
  /** Which tenants wait. */
  look(): Promise<readonly Waiting[]>
  /** All that was seen at the last look has its place by now. */
  done(): void
  stop(): void
}

const MOST_COUNTED = 100_000
const TELL_MS = 1_000

/** The age goes on growing while nobody can look: what is not known to be sealed is not. */
export function watchBacklog(database: Database, clock: Clock, metrics: Metrics): Backlog {
  const rows = metrics.gauge('gatehouse_audit_unsealed', 'Rows that no head proves; of more than 100,000 so many.')
  const age = metrics.gauge(
    'gatehouse_audit_unsealed_age_seconds',
    'Age of the oldest row that no head proves; where none is known, of one that came right after the last look.',
  )
  let seen = { at: clock.now(), oldestSeconds: 0 }
  const tell = () => age.set(seen.oldestSeconds + Math.max(0, clock.now() - seen.at) / 1_000)
  const timer = setInterval(tell, TELL_MS)
  timer.unref()
  return {
    async look() {
      const at = clock.now()
      const { waiting, count } = await database.asPlatform('audit: backlog', async (tx) => ({
        waiting: await unsealed_waiting(tx),
        count: await unsealed_count_up_to(tx, MOST_COUNTED),
      }))
      seen = { at, oldestSeconds: Math.max(0, ...waiting.map(({ seconds }) => seconds)) }
      rows.set(count)
      tell()
      return waiting
    },
    done() {
      seen = { ...seen, oldestSeconds: 0 }
      rows.set(0)
      tell()
    },
    stop: () => clearInterval(timer),
  }
}
