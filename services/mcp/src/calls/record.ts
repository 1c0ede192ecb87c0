import { randomUUID } from 'node:crypto'
import type { Bus } from '@gatehouse/bus'
import { auditSubject, type Clock, type CloudEvent } from '@gatehouse/contracts'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import { drainJournal, watchJournal } from '../journal/drain.ts'
import { type Journal, JournalFull } from '../journal/journal.ts'
import { eventText } from './event-text.ts'

export interface Recorder {
  /** There is no log at all, so no event is made either. For benchmarks of what is beside it; no recorder of this service has it. */
  readonly off?: true
  /**
   * `true` once the bus, or the journal of this machine, has stored the event; `false` when neither has within `waitMs`. The event then
   * stays in memory and is sent when one of them can take it. A wait of 0 only leaves it there.
   */
  record(event: CloudEvent, waitMs: number): Promise<boolean>
  /** Whether events can be recorded now. Asks the bus when it has not answered lately and there is no journal to write to. */
  reachable(): boolean | Promise<boolean>
  /** Sends what waits, for `waitMs` at most; what could not be sent is counted and logged. */
  close(waitMs: number): Promise<void>
  /** Events that are stored nowhere yet. */
  readonly waiting?: number
}

interface Waiting {
  readonly event: CloudEvent
  /** By the clock of `performance`. */
  readonly until: number
  /** Whoever waits still. */
  settle: ((stored: boolean) => void) | undefined
}

/** Calls that are under way: each of them brings an event soon. */
export interface Coming {
  calls: number
}

/** A message of that many events stays well below NATS's 1 MB. */
const MAX_EVENTS = 500
const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 2_000
/** For so long an answer of the bus is taken to say that it is there. */
const TRUST_MS = 1_000
/** Events wait so long, at most, for those of calls that are under way, as databases let commits wait for each other. A lone call waits for nobody. */
const GATHER_MS = 1
/** A bus that has not stored a message by then is slow: what waits goes to the journal. */
const SLOW_MS = 500

/**
 * Publishes audit events on `audit.<node>`, one message at a time: what comes in one turn of the loop, or while a publish is under way, goes
 * in the next message together, `{ events: […] }`.
 * A message that failed is sent again with the same id until it is stored, so that a lost acknowledgement makes no second copy.
 *
 * With a journal, what the bus does not store soon is written there, and goes from there to the bus when that is back, also by the next
 * process. An event may go both ways: the log keeps one of each id. Without a journal, or with one that is full, events wait in memory,
 * which is bounded: a process that is killed then loses events whose callers were told that they are not recorded, and of refusals.
 */
export function createRecorder(options: {
  readonly bus: Bus
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  readonly metrics: Metrics
  readonly maxQueued: number
  readonly journal?: Journal | undefined
  readonly coming?: Coming
  /** Default 1. */
  readonly gatherMs?: number
}): Recorder {
  const { bus, clock, log, maxQueued, journal, coming = { calls: 0 }, gatherMs = GATHER_MS } = options
  const subject = auditSubject(options.node)
  const queued = options.metrics.gauge('gatehouse_mcp_audit_queue', 'Audit events that wait for the bus.')
  const lost = options.metrics.counter(
    'gatehouse_mcp_audit_lost_total',
    'Audit events dropped because the queue was full.',
  )
  const queue: Waiting[] = []
  const alarm = createAlarm(() => {
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const waiting of queue) {
      if (waiting.settle === undefined) continue
      if (waiting.until > now) next = Math.min(next, waiting.until)
      else {
        waiting.settle(false)
        waiting.settle = undefined
      }
    }
    return next
  })
  let running: Promise<void> | undefined
  let shown = 0
  let lastBatch = 0
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

  const show = (): void => {
    shown = queue.length
    queued.set(shown)
  }
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })

  const trouble = (error: unknown): void => {
    if (!failing) {
      const text = journal === undefined ? 'they wait in memory' : 'they go to the journal'
      log.error({ err: error }, `audit events cannot be recorded; ${text}`)
    }
    failing = true
    tried()
  }
  const arrived = (): void => {
    if (failing) log.info('audit events are recorded again')
    failing = false
    answeredAt = clock.now()
    tried()
  }
  const drainer =
    journal && drainJournal({ journal, publish: (parcel) => bus.publish({ subject, ...parcel }), log, arrived })
  const stopWatching = journal && watchJournal(journal, clock, options.metrics)

  /** To the bus, or with a journal: to the bus soon, or not at all. @throws */
  const publish = async (message: Parameters<Bus['publish']>[0]): Promise<void> => {
    await (journal === undefined ? bus.publish(message) : soon(bus.publish(message)))
    arrived()
  }
  /** `false` where there is none or it takes nothing more. */
  const journalled = async (events: readonly string[]): Promise<boolean> => {
    if (journal === undefined || drainer === undefined) return false
    try {
      await Promise.all(events.map((event) => journal.append(event)))
      drainer.kick()
      return true
    } catch (error) {
      if (!(error instanceof JournalFull)) throw error
      return false
    }
  }
  const send = async (batch: readonly Waiting[]): Promise<void> => {
    const events = batch.map(({ event }) => eventText(event))
    const message = { subject, id: randomUUID(), data: `{"events":[${events.join(',')}]}` }
    for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 2, LAST_PAUSE_MS)) {
      // While the bus is away the drainer of the journal finds out when it is back.
      if (failing && (await journalled(events))) return tried()
      try {
        return await publish(message)
      } catch (error) {
        trouble(error)
        if (await journalled(events)) return
        if (closed) throw error
        await pause(wait)
      }
    }
  }
  let gathered: (() => void) | undefined
  const gather = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(end, gatherMs)
      function end(): void {
        clearTimeout(timer)
        gathered = undefined
        resolve()
      }
      gathered = end
    })
  /**
   * A message costs this process more than what is in it: where events come in crowds, it goes when all that is coming has come. One that comes alone, as
   * the one before it, goes at once, however long others take.
   */
  const isWorthIt = (): boolean =>
    coming.calls === 0 || (queue.length === 1 && lastBatch <= 1) || queue.length >= MAX_EVENTS || failing || closed
  const drain = async (): Promise<void> => {
    try {
      while (queue.length > 0) {
        await turnOfLoop()
        if (!isWorthIt()) await gather()
        const batch = queue.slice(0, MAX_EVENTS)
        await send(batch)
        queue.splice(0, batch.length)
        lastBatch = batch.length
        if (queue.length !== shown) show()
        for (const { settle } of batch) settle?.(true)
      }
      alarm.off()
    } finally {
      running = undefined
    }
  }
  const kick = (): void => {
    running ??= drain().catch((error: unknown) => log.error({ err: error }, 'draining audit events ended'))
  }
  const add = (waiting: Waiting): Promise<boolean> => {
    queue.push(waiting)
    // While the bus stores, the figure is that of the drain: setting it costs as much as the rest of this.
    if (failing) show()
    kick()
    if (gathered !== undefined && isWorthIt()) gathered()
    return NOT_YET
  }
  const ask = async (): Promise<boolean> => {
    try {
      await (journal === undefined ? bus.ping() : soon(bus.ping()))
      answeredAt = clock.now()
      if (running === undefined && journal?.empty !== false) failing = false
      if (!failing || running === undefined) return !failing
      // A server that answers may still have no stream to store in: the next try of what waits tells.
      const next = new Promise<void>((resolve) => awaitingTry.push(resolve))
      wake?.()
      await next
      return !failing || journal?.writable === true
    } catch {
      return journal?.writable === true
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
      // Who waits for nothing costs no promise of its own.
      if (waitMs <= 0) return add({ event, until: 0, settle: undefined })
      return new Promise((settle) => {
        const until = performance.now() + waitMs
        alarm.by(until)
        add({ event, until, settle })
      })
    },
    reachable() {
      if (queue.length >= maxQueued) return false
      if (failing && journal?.writable === true) return true
      if (!failing && clock.now() - answeredAt < TRUST_MS) return true
      asking ??= ask()
      return asking
    },
    get waiting() {
      return queue.length
    },
    async close(waitMs) {
      const ends = clock.now() + waitMs
      const finish = running ?? Promise.resolve()
      await Promise.race([finish, pauseUnref(waitMs)])
      closed = true
      wake?.()
      gathered?.()
      await running
      await drainer?.close(Math.max(0, ends - clock.now()))
      stopWatching?.()
      if (queue.length > 0) log.error({ events: queue.length }, 'ended with audit events that were not recorded')
    },
  }
}

const NOT_YET = Promise.resolve(false)

/** Calls are answered together where they came together: one message for all of them, too. */
const turnOfLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** One timer for all who wait: a timer for each would be set and cleared with every call. `ring` tells when it has to ring next. */
function createAlarm(ring: () => number) {
  let timer: NodeJS.Timeout | undefined
  let at = Number.POSITIVE_INFINITY
  const off = (): void => {
    clearTimeout(timer)
    at = Number.POSITIVE_INFINITY
  }
  const by = (until: number): void => {
    if (until >= at) return
    off()
    at = until
    timer = setTimeout(
      () => {
        at = Number.POSITIVE_INFINITY
        by(ring())
      },
      Math.max(1, until - performance.now()),
    )
  }
  return { by, off }
}

/** @throws when it takes longer; what it comes to then is nobody's business any more */
async function soon<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${SLOW_MS} ms`)), SLOW_MS)
  })
  return Promise.race([work, late]).finally(() => clearTimeout(timer))
}

const pauseUnref = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref()
  })
