import type { IncomingMessage } from '@gatehouse/bus'
import { dataOf, FeedTick, readEvent } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import type { FreshnessGauge } from './freshness.ts'
import type { FeedState } from './state.ts'

/** Which database's messages are ours. A configured id never changes. */
export interface FeedIdentity {
  id: string | undefined
  readonly configured: boolean
}

/** So many ticks of another database, with none of ours among them, mean that ours is no more. */
const FOREIGN_TICKS = 3

export interface TickReader {
  read(message: IncomingMessage): void
  /** What was stored before has been read: from now on ticks tell the present. */
  goLive(): void
}

/** Reads the heartbeat: how fresh the feed is, and whether it still comes from the same database. */
export function createTickReader(options: {
  readonly log: Logger
  readonly identity: FeedIdentity
  readonly state: FeedState
  readonly gauge: FreshnessGauge
  readonly ticked: () => void
  readonly unreadable: (message: IncomingMessage) => void
  readonly replaced: () => void
}): TickReader {
  const { log, identity, state, gauge, ticked, unreadable, replaced } = options
  let live = false
  let newest: string | undefined
  let foreignTicks = 0

  const takeOver = (): void => {
    if (identity.configured || newest === undefined || newest === identity.id) return
    log.warn({ from: identity.id, to: newest }, 'the database of auth was replaced; the feed is read again')
    identity.id = newest
    gauge.distrust()
    replaced()
  }
  const foreign = (feed: string): void => {
    foreignTicks = feed === newest ? foreignTicks + 1 : 1
    newest = feed
    if (!live) return
    gauge.distrust()
    if (foreignTicks >= FOREIGN_TICKS) takeOver()
  }
  const ours = (feed: string, time: number): void => {
    foreignTicks = 0
    newest = feed
    state.sweep()
    if (!live) return
    gauge.tick(time)
    if (gauge.started) ticked()
  }

  return {
    read(message) {
      const event = readEvent(message.data)
      const tick = event === undefined ? undefined : dataOf(FeedTick, event)
      if (event === undefined || tick === undefined) {
        unreadable(message)
        return
      }
      identity.id ??= tick.feed
      // The pace of ticks shows in the envelope's time, which has milliseconds.
      if (tick.feed === identity.id) ours(tick.feed, Date.parse(event.time))
      else foreign(tick.feed)
    },
    goLive() {
      live = true
      takeOver()
    },
  }
}
