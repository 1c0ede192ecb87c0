import { setTimeout as delay } from 'node:timers/promises'

/** Waits, or returns early when `signal` ends the waiting. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch((error: unknown) => {
    if (!signal.aborted) throw error
  })
}

/** How long to wait before the next try after `failures` in a row, in milliseconds: 250 doubling up to 5,000. */
export const backoff = (failures: number): number => Math.min(250 * 2 ** Math.min(failures - 1, 10), 5_000)

/** @throws when `signal` ends before `step` does */
export function unlessAborted<T>(signal: AbortSignal, step: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(new Error('ended meanwhile'))
    if (signal.aborted) end()
    signal.addEventListener('abort', end, { once: true })
    step.then(resolve, reject).finally(() => signal.removeEventListener('abort', end))
  })
}
