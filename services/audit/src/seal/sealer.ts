import { setTimeout as pause } from 'node:timers/promises'
import type { Bus } from '@gatehouse/bus'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { publishHeads } from './publish.ts'
import { type SealDeps, sealAll } from './seal.ts'

export interface Sealer {
  /** Ends after the step it is at. */
  close(): Promise<void>
}

/** Leaves time for the sealing itself: while it keeps up, no row stays unsealed for five seconds. */
export const SEAL_EVERY_MS = 2_000

/** Seals and publishes, again and again. */
export function startSealer(
  deps: SealDeps & { readonly bus: Bus; readonly log: Logger; readonly metrics: Metrics; readonly everyMs?: number },
): Sealer {
  const { database, bus, log, metrics, everyMs = SEAL_EVERY_MS } = deps
  const sealed = metrics.counter('gatehouse_audit_sealed_total', 'Rows that were sealed by this process.')
  const failures = metrics.counter(
    'gatehouse_audit_seal_failures_total',
    'Times that rows could not be sealed or heads not be published; it is tried again.',
    ['step'],
  )
  const ended = new AbortController()
  const step = async (name: 'seal' | 'publish', work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      failures.inc({ step: name })
      log.warn({ err: error, step: name }, 'the audit log is sealed later')
    }
  }
  const running = (async () => {
    while (!ended.signal.aborted) {
      await step('seal', async () => sealed.inc({}, await sealAll(deps, ended.signal)))
      await step('publish', async () => void (await publishHeads(database, bus)))
      await pause(everyMs, undefined, { signal: ended.signal }).catch(() => undefined)
    }
  })()
  return {
    async close() {
      ended.abort()
      await running
    },
  }
}
