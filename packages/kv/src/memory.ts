import type { Clock } from '@gatehouse/contracts'
import { lifeTime } from './life.ts'
import { type ChannelListener, type Counted, type KeyValue, KeyValueUnavailable, type MapChange } from './port.ts'

interface Entry {
  readonly value: string | ReadonlyMap<string, string>
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
  const channels = new Map<string, Set<ChannelListener>>()
  let sweepAt = SWEEP_FROM
  let closed = false

  const sweep = (now: number): void => {
    for (const [key, entry] of entries) if (entry.expiresAt <= now) entries.delete(key)
    sweepAt = Math.max(SWEEP_FROM, entries.size * 2)
  }
  const live = (key: string, now = clock.now()): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || entry.expiresAt > now) return entry
    entries.delete(key)
    return undefined
  }
  const text = (entry: Entry | undefined): string | undefined => {
    if (entry !== undefined && typeof entry.value !== 'string') throw wrongKind()
    return entry?.value as string | undefined
  }
  const map = (entry: Entry | undefined): ReadonlyMap<string, string> => {
    if (typeof entry?.value === 'string') throw wrongKind()
    return entry?.value ?? new Map()
  }
  const put = (key: string, value: Entry['value'], expiresAt: number): void => {
    entries.set(key, { value, expiresAt })
    if (entries.size >= sweepAt) sweep(clock.now())
  }
  const count = (key: string, by: number, windowMs: number): Counted => {
    const now = clock.now()
    const window = live(key, now)
    const expiresAt = window?.expiresAt ?? now + lifeTime(windowMs)
    const counted = Number(text(window) ?? 0) + by
    if (!Number.isSafeInteger(counted)) throw new KeyValueUnavailable(new TypeError('not a counter, or out of range'))
    put(key, String(counted), expiresAt)
    return { count: counted, resetMs: expiresAt - now }
  }
  const open = (): void => {
    if (closed) throw new KeyValueUnavailable(new Error('the store is closed'))
  }

  return {
    async get(key) {
      open()
      return text(live(key))
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
      const value = text(live(key))
      entries.delete(key)
      return value
    },
    async increment(key, by, windowMs) {
      open()
      return count(key, by, windowMs)
    },
    async incrementWithin([first, second], limit, by, windowMs) {
      open()
      const one = count(first, by, windowMs)
      return one.count > limit ? [one] : [one, count(second, by, windowMs)]
    },
    async delete(key) {
      open()
      const existed = live(key) !== undefined
      entries.delete(key)
      return existed
    },
    async readMap(key, fields) {
      open()
      return pick(map(live(key)), fields)
    },
    async changeMap(key, change, ttlMs, read = []) {
      open()
      const expiresAt = clock.now() + lifeTime(ttlMs)
      const old = map(live(key))
      const before = pick(old, read)
      const next = changed(old, change)
      if (next === undefined) return { changed: false, before }
      if (next.size === 0) entries.delete(key)
      else put(key, next, expiresAt)
      return { changed: true, before }
    },
    async publish(channel, message) {
      open()
      // Not in the publisher's own turn, as over a network.
      for (const listener of channels.get(channel) ?? []) {
        queueMicrotask(() => {
          if (channels.get(channel)?.has(listener) === true) listener.message(message)
        })
      }
    },
    async subscribe(channel, { message, lost }) {
      const listener = { message, lost }
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(listener))
      return {
        async stop() {
          listeners.delete(listener)
          if (listeners.size === 0 && channels.get(channel) === listeners) channels.delete(channel)
        },
      }
    },
    async ping() {
      open()
    },
    async close() {
      closed = true
      entries.clear()
      channels.clear()
    },
  }
}

const wrongKind = (): KeyValueUnavailable =>
  new KeyValueUnavailable(new TypeError('the key holds another kind of value'))

const pick = (map: ReadonlyMap<string, string>, fields: readonly string[] | undefined): ReadonlyMap<string, string> =>
  new Map(
    fields === undefined
      ? map
      : [...new Set(fields)].flatMap((field) => {
          const value = map.get(field)
          return value === undefined ? [] : [[field, value] as const]
        }),
  )

/** `undefined` where a condition does not hold. */
function changed(old: ReadonlyMap<string, string>, change: MapChange): Map<string, string> | undefined {
  const { unless, where, atMost } = change
  if (unless !== undefined && old.has(unless)) return undefined
  if (where !== undefined && old.get(where[0]) !== where[1]) return undefined
  const next = new Map(change.clear === true ? [] : old)
  for (const field of change.remove ?? []) next.delete(field)
  for (const [field, value] of Object.entries(change.set ?? {})) next.set(field, value)
  return atMost !== undefined && next.size > atMost && next.size > old.size ? undefined : next
}
