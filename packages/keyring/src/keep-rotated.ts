import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from '@gatehouse/telemetry'
import { type ListedRing, RingIsFixed } from './keyring.ts'

const EVERY_MS = 60_000

/** Rotates each ring when its schedule says so, until the signal. Every node may run it: together they rotate once. */
export async function keepRotated(rings: readonly ListedRing[], log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    for (const ring of rings) {
      try {
        await ring.rotate({ when: 'due' })
      } catch (error) {
        if (!(error instanceof RingIsFixed)) log.warn({ err: error, ring: ring.name }, 'the ring is rotated later')
      }
    }
    await pause(EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}
