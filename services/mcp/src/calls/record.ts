import { randomUUID } from 'node:crypto'
import type { Bus } from '@gatehouse/bus'
import { auditSubject, type Clock, type CloudEvent } from '@gatehouse/contracts'
import type { Logger, Metrics } from '@gatehouse/telemetry'

export interface Recorder {
  /**
   * `true` once the bus has stored the event; `false` when it has not within `waitMs`. The event then stays in memory and is sent when the
   * bus is back. A wait of 0 only leaves it there.
   */
  record(event: CloudEvent, waitMs: number): Promise<boolean>
  /** Whether events can be recorded now. Asks the bus when it has not answered lately. */
  reachable(): boolean | Promise<boolean>
  /** Sends what waits, for `waitMs` at most; what could not be sent is counted and logged. */
  close(waitMs: number): Promise<void>
}

interface Waiting {
  readonly event: CloudEvent
  readonly stored: () => void
}

/** A message of that many events stays well below NATS's 1 MB. */
const MAX_EVENTS = 500
const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 2_000
/** For so long an answer of the bus is taken to say that it is there. */
const TRUST_MS = 1_000

/**
 * Publishes audit events on `audit.<node>`: whatever gathered while a publish was under way goes in the next message, `{ events: […] }`.
 * A message that failed is sent again with the same id until it is stored, so that a lost acknowledgement makes no second copy.
 *
 * The queue is in memory and bounded. Until there is a journal on disk, a process that is killed while the bus is away loses what
 * its queue holds: events of calls whose callers were told that they are not recorded, and of refusals.
 */
export function createRecorder(options: {
  readonly bus: Bus
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly maxQueued: number
}): Recorder {
  const { bus, clock, log, maxQueued } = options
  const subject = auditSubject(options.node)
  const queued = options.metrics.gauge('gatehouse_mcp_audit_queue', 'Audit events that wait for the bus.')
  const lost = options.metrics.counter(
    'gatehouse_mcp_audit_lost_total',
    'Audit events dropped because the queue was full.',
  )
  const queue: Waiting[] = []
  let running: Promise<void> | undefined
  let closed = false
  let failing = false
  let answeredAt = Number.NEGATIVE_INFINITY
  let wake: (() => void) | undefined
  let asking: Promise<boolean> | undefined
  let awaitingTry: (() => void)[] = []
  const tried = (): void => {
    for (const heard of awaitingTry) heard()
    awaitingTry = []
  }

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const send = async (batch: readonly Waiting[]): Promise<void> => {
    const message = { subject, id: randomUUID(), data: JSON.stringify({ events: batch.map(({ event }) => event) }) }
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LAST_PAUSE_MS)) {
      try {
        await bus.publish(message)
        if (failing) log.info({ events: batch.length }, 'audit events are recorded again')
        failing = false
        answeredAt = clock.now()
        tried()
        return
      } catch (error) {
        if (!failing) log.error({ err: error }, 'audit events cannot be recorded; they wait in memory')
        failing = true
        tried()
        if (closed) throw error
        await pause(wait)
      }
    }
  }
  const drain = async (): Promise<void> => {
    try {
      while (queue.length > 0) {
        const batch = queue.slice(0, MAX_EVENTS)
        await send(batch)
        queue.splice(0, batch.length)
        queued.set(queue.length)
        for (const { stored } of batch) stored()
      }
    } finally {
      running = undefined
    }
  }
  const kick = (): void => {
    running ??= drain().catch((error: unknown) => log.error({ err: error }, 'draining audit events ended'))
  }
  const ask = async (): Promise<boolean> => {
    try {
      await bus.ping()
      answeredAt = clock.now()
      if (!failing || running === undefined) return !failing
      // A server that answers may still have no stream to store in: the next try of what waits tells.
      const next = new Promise<void>((resolve) => awaitingTry.push(resolve))
      wake?.()
      await next
      return !failing
    } catch {
      return false
    } finally {
      asking = undefined
    }
  }

  return {
    record(event, waitMs) {
      if (queue.length >= maxQueued) {
        lost.inc()
        log.error({ event: event.id }, 'the queue of audit events is full: one is lost')
        return Promise.resolve(false)
      }
      return new Promise((resolve) => {
        const timer = waitMs > 0 ? setTimeout(() => resolve(false), waitMs) : undefined
        const stored = (): void => {
          clearTimeout(timer)
          resolve(true)
        }
        queue.push({ event, stored })
        queued.set(queue.length)
        kick()
        if (waitMs <= 0) resolve(false)
      })
    },
    reachable() {
      if (queue.length >= maxQueued) return false
      if (!failing && clock.now() - answeredAt < TRUST_MS) return true
      asking ??= ask()
      return asking
    },
    async close(waitMs) {
      const finish = running ?? Promise.resolve()
      await Promise.race([finish, pauseUnref(waitMs)])
      closed = true
      wake?.()
      await running
      if (queue.length > 0) log.error({ events: queue.length }, 'ended with audit events that were not recorded')
    },
  }
}

const pauseUnref = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
