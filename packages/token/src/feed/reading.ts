import type { Bus, Follower, IncomingMessage } from '@gatehouse/bus'
import { DELTA_SUBJECTS, dataOf, FEED_HEADER, Revoked, readEvent, STREAMS, TenantState } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import type { FreshnessGauge } from './freshness.ts'
import type { FeedState } from './state.ts'
import { createTickReader, type FeedIdentity } from './ticks.ts'

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
  const { log, identity, state, gauge, end } = options
  let live = false

  const unreadable = (message: IncomingMessage): void => {
    log.error({ subject: message.subject, sequence: message.sequence }, 'a feed message cannot be read')
  }
  const ticks = createTickReader({ ...options, unreadable, replaced: () => end('replaced') })
  /** Whether a message is of our database. Strangers in a live feed mean that it cannot be relied on. */
  const isOurs = (message: IncomingMessage): boolean => {
    const feed = message.headers[FEED_HEADER]
    identity.id ??= feed
    if (feed !== undefined && feed === identity.id) return true
    if (live) gauge.distrust()
    log[live ? 'warn' : 'debug']({ subject: message.subject, feed, ours: identity.id }, 'feed message is not ours')
    return false
  }

  return {
    goLive(): void {
      live = true
      ticks.goLive()
    },
    delta(message: IncomingMessage): void {
      if (message.subject === DELTA_SUBJECTS.tick) {
        ticks.read(message)
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
