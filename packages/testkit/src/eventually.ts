import { setTimeout as pause } from 'node:timers/promises'

const INTERVAL_MS = 5

/**
 * Asks again and again until the probe returns something other than `undefined`, `null` or `false`, and returns that.
 * A probe that throws has not succeeded yet.
 * @param deadlineMs milliseconds from now
 * @param what what is awaited, for the message: "the entry to appear"
 * @throws Error naming `what`, with the probe's last failure as its cause
 */
export async function eventually<T>(
  deadlineMs: number,
  what: string,
  probe: () => T | Promise<T>,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + deadlineMs
  let cause: unknown
  do {
    try {
      const found = await within(deadline - performance.now(), probe)
      if (found !== undefined && found !== null && found !== false) {
        return found as Exclude<T, undefined | null | false>
      }
      cause = undefined
    } catch (error) {
      // Of a probe that was cut off the one before tells more, where there was one.
      if (!(error instanceof CutOff) || cause === undefined) cause = error
    }
    await pause(INTERVAL_MS)
  } while (performance.now() < deadline)
  const last = cause instanceof Error ? ` (last: ${cause.message})` : ''
  throw new Error(`waited ${deadlineMs} ms in vain for ${what}${last}`, { cause })
}

class CutOff extends Error {}

/** A probe that hangs must not outlive the deadline. */
async function within<T>(ms: number, probe: () => T | Promise<T>): Promise<T> {
  const timer = new AbortController()
  const late = pause(Math.max(ms, 1), undefined, { signal: timer.signal }).then(() => {
    throw new CutOff('the last try did not answer')
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([Promise.resolve().then(probe), late])
  } finally {
    timer.abort()
  }
}
