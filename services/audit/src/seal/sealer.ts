import { setTimeout as pause } from 'node:timers/promises'
import type { Bus } from '@gatehouse/bus'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { watchBacklog } from './backlog.ts'
import { publishHeads } from './publish.ts'
import { type SealDeps, sealRound } from './seal.ts'

export interface Sealer {
  /** Ends after the step it is at. */
  close(): Promise<void>
}

/** Leaves time for the sealing itself: while it keeps up, no row stays unsealed for five seconds. */
export const SEAL_EVERY_MS = 2_000

/** Seals and publishes, again and again: at once while there is work left, else every two seconds. */
export function startSealer(
  deps: SealDeps & { readonly bus: Bus; readonly log: Logger; readonly metrics: Metrics; readonly everyMs?: number },
): Sealer {
  const { database, bus, clock, log, metrics, everyMs = SEAL_EVERY_MS } = deps
  const sealed = metrics.counter('gatehouse_audit_sealed_total', 'Rows that were sealed by this process.')
  const failures = metrics.counter(
    'gatehouse_audit_seal_failures_total',
    'Times that rows could not be sealed or heads not be published; it is tried again.',
    ['step'],
  )
  const backlog = watchBacklog(database, clock, metrics)
  const ended = new AbortController()
  const failed = (step: 'seal' | 'publish', error: unknown): void => {
    failures.inc({ step })
    log.warn({ err: error, step }, 'the audit log is sealed later')
  }
  /** @returns whether there is work left */
  const seal = async (): Promise<boolean> => {
    const round = await sealRound(deps, await backlog.look(), ended.signal)
    sealed.inc(round.sealed)
    for (const fault of round.faults) failed('seal', fault)
    if (!round.more && round.faults.length === 0) backlog.done()
    return round.more
  }
  const running = (async () => {
    while (!ended.signal.aborted) {
      const began = performance.now()
      const more = await seal().catch((error: unknown) => {
        failed('seal', error)
        return false
      })
      await publishHeads(database, bus).catch((error: unknown) => failed('publish', error))
      const left = more ? 0 : everyMs - (performance.now() - began)
      if (left > 0) await pause(left, undefined, { signal: ended.signal }).catch(() => undefined)
    }
  })()
  return {
    async close() {
      ended.abort()
      backlog.stop()
      await running
    },
  }
}
