import { globalAgent } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { KeyValue } from '@gatehouse/kv'
import type { FeedView } from '@gatehouse/token'
import type { Rig } from './rig.ts'

interface Counts {
  feed: number
  kv: number
}

/** Parts of a node that know who listens to them. */
export interface Counted {
  readonly counts: Counts
  readonly feed: FeedView
  readonly kv: KeyValue
}

export function counted(feed: FeedView, kv: KeyValue): Counted {
  const counts: Counts = { feed: 0, kv: 0 }
  const until =
    <F>(listen: (listener: F) => () => void) =>
    (listener: F): (() => void) => {
      const stop = listen(listener)
      counts.feed += 1
      return () => {
        counts.feed -= 1
        stop()
      }
    }
  return {
    counts,
    feed: {
      ...feed,
      onRevocation: until((listener) => feed.onRevocation(listener)),
      onTenant: until((listener) => feed.onTenant(listener)),
    },
    kv: new Proxy(kv, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        if (name !== 'subscribe') return value.bind(target)
        return async (...given: Parameters<KeyValue['subscribe']>) => {
          const subscription = await target.subscribe(...given)
          counts.kv += 1
          return {
            stop() {
              counts.kv -= 1
              return subscription.stop()
            },
          }
        }
      },
    }),
  }
}

interface Emits {
  eventNames(): (string | symbol)[]
  listenerCount(name: string | symbol): number
}
const listenersOf = (emitter: Emits): number =>
  emitter.eventNames().reduce((sum, name) => sum + emitter.listenerCount(name), 0)

/** What stays in a process when something was forgotten: handles by their kind, and who listens to what outlives a request. */
export function heldIn(rig: Rig, { counts }: Counted): Readonly<Record<string, number>> {
  const held: Record<string, number> = {
    'listeners of the process': listenersOf(process),
    'listeners of the server': listenersOf(rig.server.server),
    'listeners of the agent': listenersOf(globalAgent),
    'listeners of the feed': counts.feed,
    'subscriptions of the key-value store': counts.kv,
  }
  for (const kind of process.getActiveResourcesInfo()) held[kind] = (held[kind] ?? 0) + 1
  return held
}

/**
 * Waits until nothing is held beyond what was held before.
 * @returns what is held beyond it all the same, by how many
 */
export async function heldBeyond(
  before: Readonly<Record<string, number>>,
  look: () => Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, number>>> {
  const beyond = (): Record<string, number> =>
    Object.fromEntries(
      Object.entries(look())
        .map(([what, count]): [string, number] => [what, count - (before[what] ?? 0)])
        .filter(([, more]) => more > 0),
    )
  const end = performance.now() + WAIT_MS
  // Looked at between two waits: the timer of one would be held, too.
  while (Object.keys(beyond()).length > 0 && performance.now() < end) await pause(20)
  return beyond()
}

const WAIT_MS = 15_000
