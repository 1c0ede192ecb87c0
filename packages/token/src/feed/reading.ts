import type { Bus, Follower, IncomingMessage } from '@gatehouse/bus'
import {
  DELTA_SUBJECTS,
  dataOf,
  FEED_HEADER,
  FeedTick,
  Revoked,
  readEvent,
  STREAMS,
  TenantState,
} from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import type { FreshnessGauge } from './freshness.ts'
import type { FeedState } from './state.ts'

/** Which database's messages are ours. A configured id never changes. */
export interface FeedIdentity {
  id: string | undefined
  readonly configured: boolean
}

/** Why a reading has to be begun anew. */
export type ReadingEnd = 'gone' | 'replaced' | 'stopped'

/** Both streams, read once from their beginning and followed. */
export interface Reading {
  /** Resolves with the reason when nothing more can come of this reading. */
  readonly ended: Promise<ReadingEnd>
  end(reason: ReadingEnd): void
  close(): Promise<void>
}

interface ReadingOptions {
  readonly bus: Bus
  readonly log: Logger
  readonly identity: FeedIdentity
  readonly state: FeedState
  readonly gauge: FreshnessGauge
  readonly ticked: () => void
}

/** So many ticks of another database, with none of ours among them, mean that ours is no more. */
const FOREIGN_TICKS = 3

/** @throws BusUnavailable, or when the streams are not there */
export async function openReading(options: ReadingOptions): Promise<Reading> {
  const { bus, log, state, gauge, identity } = options
  let end: (reason: ReadingEnd) => void = () => undefined
  const ended = new Promise<ReadingEnd>((resolve) => {
    end = resolve
  })
  const onGone = (): void => {
    gauge.distrust()
    end('gone')
  }
  const handle = createHandlers({ ...options, end })
  const followers: Follower[] = []
  let closed = false
  const close = async (): Promise<void> => {
    closed = true
    await Promise.all(followers.map((follower) => follower.stop()))
  }
  try {
    const tenants = { filter: 'auth.state.tenant.*', from: 'last-per-subject', onGone } as const
    followers.push(await bus.follow(STREAMS.authState.name, tenants, handle.state))
    followers.push(await bus.follow(STREAMS.authDelta.name, { from: 'first', onGone }, handle.delta))
  } catch (error) {
    await close()
    throw error
  }
  void Promise.all(followers.map((follower) => follower.caughtUp)).then(
    () => {
      if (closed) return
      state.endReread()
      gauge.caughtUp()
      handle.goLive()
      log.info({ feed: identity.id, revocations: state.revocations.count }, 'feed has been read')
    },
    (error: unknown) => {
      log.warn({ err: error }, 'feed could not be read to its end')
      end('gone')
    },
  )
  return { ended, end, close }
}

function createHandlers(options: ReadingOptions & { readonly end: (reason: ReadingEnd) => void }) {
  const { log, identity, state, gauge, ticked, end } = options
  let live = false
  let newest: string | undefined
  let foreignTicks = 0

  /** Whether a message is of our database. Strangers in a live feed mean that it cannot be relied on. */
  const isOurs = (message: IncomingMessage): boolean => {
    const feed = message.headers[FEED_HEADER]
    identity.id ??= feed
    if (feed !== undefined && feed === identity.id) return true
    if (live) gauge.distrust()
    log[live ? 'warn' : 'debug']({ subject: message.subject, feed, ours: identity.id }, 'feed message is not ours')
    return false
  }
  const replace = (): void => {
    if (identity.configured || newest === undefined || newest === identity.id) return
    log.warn({ from: identity.id, to: newest }, 'the database of auth was replaced; the feed is read again')
    identity.id = newest
    gauge.distrust()
    end('replaced')
  }
  const tick = (message: IncomingMessage): void => {
    const event = readEvent(message.data)
    const beat = event === undefined ? undefined : dataOf(FeedTick, event)
    if (beat === undefined) {
      unreadable(message)
      return
    }
    identity.id ??= beat.feed
    foreignTicks = beat.feed === identity.id ? 0 : beat.feed === newest ? foreignTicks + 1 : 1
    newest = beat.feed
    if (beat.feed !== identity.id) {
      if (!live) return
      gauge.distrust()
      if (foreignTicks >= FOREIGN_TICKS) replace()
      return
    }
    state.sweep()
    if (!live) return
    gauge.tick(beat.at)
    if (gauge.started) ticked()
  }
  const unreadable = (message: IncomingMessage): void => {
    log.error({ subject: message.subject, sequence: message.sequence }, 'a feed message cannot be read')
  }

  return {
    goLive(): void {
      live = true
      replace()
    },
    delta(message: IncomingMessage): void {
      if (message.subject === DELTA_SUBJECTS.tick) {
        tick(message)
        return
      }
      if (!isOurs(message)) return
      const event = readEvent(message.data)
      const revocation = event === undefined ? undefined : dataOf(Revoked, event)
      if (revocation === undefined) unreadable(message)
      else state.revoke(revocation)
    },
    state(message: IncomingMessage): void {
      if (!isOurs(message)) return
      const event = readEvent(message.data)
      const tenant = event === undefined ? undefined : dataOf(TenantState, event)
      if (tenant === undefined) unreadable(message)
      else state.setTenant(tenant)
    },
  }
}
