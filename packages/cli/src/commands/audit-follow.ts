import { setTimeout as pause } from 'node:timers/promises'
import type { AuditEvent, Filters } from './audit.ts'

const EVERY_MS = 1_000
/** An event may be stored a little later than a newer one of another node; so far back late ones are looked for. */
const OVERLAP_MS = 60_000

interface FollowOptions {
  /** At most so many events, newest first. */
  readonly read: (extra: Filters, limit: number) => Promise<readonly AuditEvent[]>
  readonly show: (event: AuditEvent) => void
  readonly signal: AbortSignal | undefined
}

/** Shows the given events and then each new one once, oldest first, until the signal. All times are the server's. */
export async function followEvents(newestFirst: readonly AuditEvent[], options: FollowOptions): Promise<void> {
  const { read, show, signal } = options
  const floor = timeOf(newestFirst.at(-1))
  let seen = new Map<string, number>()
  let newest = floor
  let fresh = newestFirst
  const over = (): boolean => signal?.aborted === true
  while (!over()) {
    for (const event of [...fresh].reverse()) {
      show(event)
      const time = timeOf(event)
      seen.set(event.id, time)
      newest = Math.max(newest, time)
    }
    await pause(EVERY_MS, undefined, signal && { signal }).catch(() => undefined)
    if (over()) return
    // Nothing from before what was shown first: it was cut off by the limit and is not new.
    const since = Math.max(newest - OVERLAP_MS, floor)
    const from = since > 0 ? { from: new Date(since).toISOString() } : {}
    const found = await read(from, Number.POSITIVE_INFINITY).catch((error: unknown) => {
      if (over()) return []
      throw error
    })
    fresh = found.filter(({ id }) => !seen.has(id))
    seen = new Map([...seen].filter(([, time]) => time >= since))
  }
}

const timeOf = (event: AuditEvent | undefined): number => (event === undefined ? 0 : Date.parse(event.time))
