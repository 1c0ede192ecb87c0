import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '@gatehouse/contracts'
import { events_arrived, type StoredEvent } from '../events/events.store.ts'
import type { EventFilters } from '../events/query.ts'
import type { Reading } from '../proof/evidence.ts'

const EVERY_MS = 1_000
/** A transaction that began earlier may be seen later: so far back arrivals are looked for again. */
const OVERLAP_MS = 5_000
const MOST_AT_ONCE = 200

/** Each event that arrives from `since` on, once, until the signal; `undefined` when there was none for a turn. */
export async function* tailEvents(
  read: Reading,
  query: EventFilters,
  options: { readonly since: Date; readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<StoredEvent | undefined> {
  const { clock, signal } = options
  let from = options.since.getTime()
  let seen = new Map<string, number>()
  while (!signal.aborted) {
    const now = clock.now()
    const arrived = await read((tx) => events_arrived(tx, query, new Date(from), MOST_AT_ONCE + seen.size))
    const fresh = arrived.filter(({ id }) => !seen.has(id))
    for (const event of fresh) seen.set(event.id, event.received.getTime())
    yield* fresh
    if (fresh.length === 0) yield undefined
    if (fresh.length < MOST_AT_ONCE) {
      from = Math.max(from, now - OVERLAP_MS)
      seen = new Map([...seen].filter(([, received]) => received >= from))
      await pause(EVERY_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}
