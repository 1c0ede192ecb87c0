import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bus } from '@gatehouse/bus'
import { type Clock, DELTA_SUBJECTS, FEED_HEADER, FeedTick, PLATFORM, sealEvent } from '@gatehouse/contracts'
import type { Database, Drainer } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import { feed_id, SOURCE } from './append.ts'

const TICK_MS = 1_000

export interface TickDeps {
  readonly db: Database
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly drainer: Pick<Drainer, 'idle' | 'position'>
}

/**
 * Publishes one tick. It says that all that was committed before has been published, so it waits for that first: when the outbox cannot
 * be drained there is no tick, and nodes know that they may not know.
 */
export async function tick({ db, bus, clock, drainer }: TickDeps): Promise<void> {
  await drainer.idle()
  const feed = await db.asPlatform('tick', feed_id)
  const at = clock.now()
  const event = sealEvent(
    FeedTick,
    { source: SOURCE, tenant: PLATFORM, now: new Date(at) },
    { feed, position: String(drainer.position()), at },
  )
  await bus.publish({
    subject: DELTA_SUBJECTS.tick,
    id: randomUUID(),
    data: JSON.stringify(event),
    headers: { [FEED_HEADER]: feed },
  })
}

/** Ticks each second until it is aborted. Never rejects; a tick that fails is left out. */
export async function keepTicking(deps: TickDeps, signal: AbortSignal): Promise<void> {
  let failing = false
  while (!signal.aborted) {
    const started = performance.now()
    try {
      await tick(deps)
      if (failing) deps.log.info('the feed ticks again')
      failing = false
    } catch (error) {
      if (signal.aborted) return
      if (!failing) deps.log.warn({ err: error }, 'the feed cannot tick')
      failing = true
    }
    const rest = Math.max(0, TICK_MS - (performance.now() - started))
    await pause(rest, undefined, { signal }).catch(() => undefined)
  }
}
