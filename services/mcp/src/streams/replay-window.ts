import type { Clock } from '@gatehouse/contracts'

/** What changed lately, so that a stream opened after its predecessor broke hears of it. */
export interface ReplayWindow {
  /** `time` in milliseconds since the epoch: when the change was stored. */
  note(tenant: string, uri: string, sequence: number, time: number): void
  /** Those of `uris` that changed inside the window, after sequence `since` of each; all of them while it cannot be told. */
  changed(tenant: string, uris: Iterable<string>, since?: (uri: string) => number): readonly string[]
  /** Everything up to this sequence of the domain stream has been noted. */
  reached(sequence: number): void
  readonly position: number
  /** Waits until that is so of `sequence`, at most so long. */
  comesTo(sequence: number, withinMs: number): Promise<void>
  /** The stream was replaced or cut: for one window's length everything counts as changed. */
  forget(): void
  readonly size: number
}

const FROM_THE_BEGINNING = (): number => 0

interface Last {
  readonly sequence: number
  readonly time: number
}

/**
 * (tenant, URI) → last change, for `windowMs`, at most `maxEntries`. When an entry that is still inside the window has to go, everything
 * counts as changed until that entry would have left by itself: an announcement too many costs a read, one too few a stale client.
 */
export function createReplayWindow(options: {
  readonly clock: Clock
  readonly windowMs: number
  readonly maxEntries: number
}): ReplayWindow {
  const { clock, windowMs, maxEntries } = options
  const entries = new Map<string, Last>()
  let unknownUntil = 0
  let position = 0
  const awaiting = new Map<() => void, number>()
  const keyOf = (tenant: string, uri: string): string => `${tenant} ${uri}`

  const sweep = (now: number): void => {
    for (const [key, { time }] of entries) {
      if (time + windowMs > now) break
      entries.delete(key)
    }
  }
  return {
    note(tenant, uri, sequence, time) {
      const now = clock.now()
      sweep(now)
      if (time + windowMs <= now) return
      const key = keyOf(tenant, uri)
      entries.delete(key)
      entries.set(key, { sequence, time })
      const [oldest] = entries.size > maxEntries ? entries : []
      if (oldest === undefined) return
      entries.delete(oldest[0])
      unknownUntil = Math.max(unknownUntil, oldest[1].time + windowMs)
    },
    changed(tenant, uris, since = FROM_THE_BEGINNING) {
      const now = clock.now()
      if (unknownUntil > now) return [...uris]
      const found: string[] = []
      for (const uri of uris) {
        const last = entries.get(keyOf(tenant, uri))
        if (last !== undefined && last.time + windowMs > now && last.sequence > since(uri)) found.push(uri)
      }
      return found
    },
    reached(sequence) {
      position = sequence
      for (const [go, wanted] of awaiting) if (wanted <= sequence) go()
    },
    comesTo(sequence, withinMs) {
      if (sequence <= position) return Promise.resolve()
      return new Promise((resolve) => {
        const go = (): void => {
          clearTimeout(timer)
          awaiting.delete(go)
          resolve()
        }
        const timer = setTimeout(go, withinMs)
        awaiting.set(go, sequence)
      })
    },
    get position() {
      return position
    },
    forget() {
      entries.clear()
      unknownUntil = clock.now() + windowMs
    },
    get size() {
      return entries.size
    },
  }
}
