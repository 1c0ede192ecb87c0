import type { Bus, Follower, IncomingMessage } from '@gatehouse/bus'
import { type Clock, readEventMessage, STREAMS } from '@gatehouse/contracts'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import type { Registry } from '../registry/build.ts'
import { type Hub, keyOfList } from './hub.ts'
import type { ReplayWindow } from './replay-window.ts'

export interface DomainObserver {
  /** @throws while the replay window has not been read */
  check(): Promise<void>
  /** Resolves when the replay window has been read for the first time. */
  readonly caughtUp: Promise<void>
  stop(): Promise<void>
}

const RETRY_MS = 1_000

/**
 * Follows the domain stream, once per node: each event is mapped once through the catalogs to the URIs that it makes stale. It begins one
 * replay window ago. What is no event, or says something else than its schema, or is of another tenant than its subject names is nobody's:
 * dropped and counted.
 */
export function observeDomain(options: {
  readonly bus: Bus
  readonly registry: Registry
  readonly hub: Hub
  readonly window: ReplayWindow
  readonly clock: Clock
  readonly windowMs: number
  readonly log: Logger
  readonly metrics: Metrics
}): DomainObserver {
  const { bus, registry, hub, window, clock, log } = options
  const dropped = options.metrics.counter('gatehouse_mcp_domain_events_dropped_total', 'Domain events not used.', [
    'reason',
  ])
  let follower: Follower | undefined
  let retry: NodeJS.Timeout | undefined
  let stopped = false
  let isCaughtUp = false
  const { promise: caughtUp, resolve: caught } = promiseWithResolver()

  const drop = (reason: string, message: IncomingMessage): void => {
    dropped.inc({ reason })
    log.warn({ reason, subject: message.subject, sequence: message.sequence }, 'domain event dropped')
  }
  const handle = (message: IncomingMessage): void => {
    try {
      publish(message)
    } catch (error) {
      // A catalog's own mapping; the event after it is mapped all the same.
      dropped.inc({ reason: 'mapping-failed' })
      log.error({ err: error, subject: message.subject, sequence: message.sequence }, 'domain event not mapped')
    }
    window.reached(message.sequence)
  }
  const publish = (message: IncomingMessage): void => {
    const event = readEventMessage(message)
    if (event === undefined) {
      drop('not-an-event', message)
      return
    }
    const tenant = message.subject.split('.', 2)[1] ?? ''
    if (tenant !== event.tenantid) {
      drop('tenant-differs', message)
      return
    }
    if (!registry.fits(event)) {
      drop('data-unfit', message)
      return
    }
    for (const uri of registry.changedBy(event)) {
      window.note(tenant, uri, message.sequence, message.time.getTime())
      hub.publish(tenant, uri)
    }
    const lists = registry.listsChangedBy(event)
    for (const list of lists) window.note(tenant, keyOfList(list), message.sequence, message.time.getTime())
    hub.publishLists(tenant, lists)
  }
  // The stream was removed or made anew. The follower goes on with the new one; what happened in between is not known.
  const gone = (): void => {
    window.forget()
    hub.publishAll()
  }
  const open = async (): Promise<void> => {
    try {
      const time = new Date(clock.now() - options.windowMs)
      const opened = await bus.follow(STREAMS.domain.name, { from: { time }, onGone: gone }, handle)
      if (stopped) return await opened.stop()
      follower = opened
      await opened.caughtUp
      isCaughtUp = true
      hub.open()
      caught()
    } catch (error) {
      if (stopped) return
      log.warn({ err: error }, 'the domain stream cannot be followed; trying again')
      retry = setTimeout(() => {
        opening = open()
      }, RETRY_MS)
    }
  }
  let opening = open()

  return {
    caughtUp,
    async check() {
      if (!isCaughtUp) throw new Error('the replay window of domain changes has not been read yet')
    },
    async stop() {
      stopped = true
      clearTimeout(retry)
      await follower?.stop()
      // What is still being opened sees `stopped` and closes itself; a bus that does not answer must not hold the end up.
      if (follower === undefined)
        await Promise.race([opening, new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())])
    },
  }
}

function promiseWithResolver(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
