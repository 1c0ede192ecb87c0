import type { Clock } from '@gatehouse/contracts'
import { lifeTime } from './life.ts'
import { type KeyValue, KeyValueUnavailable } from './port.ts'

interface Entry {
  readonly value: string
  readonly expiresAt: number
}

/** Below this many entries nothing is swept. */
const SWEEP_FROM = 1_024

/**
 * A map with life times. Each operation is one synchronous step, so it is atomic. What has expired is dropped when it is
 * met, and all of it whenever the map has doubled since the last sweep: no timer, and never more than twice what lives.
 */
export function openMemory(clock: Clock): KeyValue {
  const entries = new Map<string, Entry>()
  let sweepAt = SWEEP_FROM
  let closed = false

  const sweep = (now: number): void => {
    for (const [key, entry] of entries) if (entry.expiresAt <= now) entries.delete(key)
    sweepAt = Math.max(SWEEP_FROM, entries.size * 2)
  }
  const live = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || entry.expiresAt > clock.now()) return entry
    entries.delete(key)
    return undefined
  }
  const put = (key: string, value: string, expiresAt: number): void => {
    entries.set(key, { value, expiresAt })
    if (entries.size >= sweepAt) sweep(clock.now())
  }
  const open = (): void => {
    if (closed) throw new KeyValueUnavailable(new Error('the store is closed'))
  }

  return {
    async get(key) {
      open()
      return live(key)?.value
    },
    async set(key, value, ttlMs) {
      open()
      put(key, value, clock.now() + lifeTime(ttlMs))
    },
    async claim(key, value, ttlMs) {
      open()
      const expiresAt = clock.now() + lifeTime(ttlMs)
      if (live(key)) return false
      put(key, value, expiresAt)
      return true
    },
    async take(key) {
      open()
      const entry = live(key)
      entries.delete(key)
      return entry?.value
    },
    async increment(key, by, windowMs) {
      open()
      const now = clock.now()
      const window = live(key)
      const expiresAt = window?.expiresAt ?? now + lifeTime(windowMs)
      const count = Number(window?.value ?? 0) + by
      if (!Number.isSafeInteger(count)) throw new KeyValueUnavailable(new TypeError('not a counter, or out of range'))
      put(key, String(count), expiresAt)
      return { count, resetMs: expiresAt - now }
    },
    async delete(key) {
      open()
      const existed = live(key) !== undefined
      entries.delete(key)
      return existed
    },
    async ping() {
      open()
    },
    async close() {
      closed = true
      entries.clear()
    },
  }
}
