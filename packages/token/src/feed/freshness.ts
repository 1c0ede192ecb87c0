import type { Freshness } from './view.ts'

/** Ticks come once a second; two that are so far apart and arrive in step were read as they were written. */
const PROOF_MS = 500
const STEP_TOLERANCE_MS = 250

export interface FreshnessGauge {
  /** A tick of our feed was read. `at`: milliseconds, on the writer's clock. */
  tick(at: number): void
  /** All that was stored has been read: the next tick counts at once. */
  caughtUp(): void
  /** Something was missed or is foreign: from now on stale until ticks flow again. */
  distrust(): void
  /** True once a first tick was counted. */
  readonly started: boolean
  read(): Freshness
}

/**
 * How far the ticks can be relied on, by the time of their receipt here. After a gap the first ticks may be old ones that a reconnected
 * reader catches up with, while a newer revocation is still under way; so a node is fresh again only when two ticks arrive
 * in the pace in which they were written.
 */
export function createFreshnessGauge(options: {
  readonly monotonic: () => number
  readonly staleAfterMs: number
  readonly graceMs: number
}): FreshnessGauge {
  const { monotonic, staleAfterMs, graceMs } = options
  let last: number | undefined
  let trusted = false
  let nextCounts = false
  let probe: { readonly at: number; readonly received: number } | undefined

  const age = (): number => (last === undefined ? Number.POSITIVE_INFINITY : monotonic() - last)
  const proven = (at: number, received: number): boolean => {
    if (nextCounts) return true
    const written = probe === undefined ? -1 : at - probe.at
    const lead = probe === undefined ? 0 : written - (received - probe.received)
    if (written >= PROOF_MS && lead <= STEP_TOLERANCE_MS) return true
    if (written < 0 || lead > STEP_TOLERANCE_MS) probe = { at, received }
    return false
  }

  return {
    tick(at) {
      const received = monotonic()
      const fresh = trusted && age() <= staleAfterMs
      if (!fresh && !proven(at, received)) return
      last = received
      trusted = true
      nextCounts = false
      probe = undefined
    },
    caughtUp() {
      nextCounts = true
    },
    distrust() {
      trusted = false
      nextCounts = false
      probe = undefined
    },
    get started() {
      return last !== undefined
    },
    read() {
      const elapsed = age()
      if (trusted && elapsed <= staleAfterMs) return 'fresh'
      return elapsed <= staleAfterMs + graceMs ? 'stale' : 'expired'
    },
  }
}
