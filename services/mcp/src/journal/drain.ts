import { createHash } from 'node:crypto'
import type { Clock } from '@gatehouse/contracts'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import type { Journal } from './journal.ts'

/** As one message of the bus. */
export interface Parcel {
  /** The same for the same records: a repeat is stored once. */
  readonly id: string
  readonly data: string
}

/** Records of one message; together they stay below NATS's 1 MB. */
const MAX_EVENTS = 500
const MAX_BYTES = 512 * 1_024

/** Messages of `{ "events": […] }` that hold these events, in their order. Each is JSON text. */
export function parcelsOf(events: readonly string[]): readonly Parcel[] {
  const parcels: Parcel[] = []
  let gathered: string[] = []
  let bytes = 0
  const finish = (): void => {
    if (gathered.length === 0) return
    const data = `{"events":[${gathered.join(',')}]}`
    parcels.push({ id: createHash('sha256').update(data).digest('base64url'), data })
    gathered = []
    bytes = 0
  }
  for (const event of events) {
    const size = Buffer.byteLength(event)
    if (gathered.length >= MAX_EVENTS || bytes + size > MAX_BYTES) finish()
    gathered.push(event)
    bytes += size
  }
  finish()
  return parcels
}

const FIRST_PAUSE_MS = 100
const LAST_PAUSE_MS = 2_000

export interface JournalDrain {
  /** Something is in the journal. */
  kick(): void
  /** Waits until it is empty, or for so long; then no more is tried. */
  close(waitMs: number): Promise<void>
}

/** Publishes what the journal holds, oldest first, and removes each segment when all of it is stored. */
export function drainJournal(options: {
  readonly journal: Journal
  readonly publish: (parcel: Parcel) => Promise<unknown>
  readonly log: Logger
  /** Something of it was stored: the bus is back. */
  readonly arrived: () => void
}): JournalDrain {
  const { journal, publish, log, arrived } = options
  const stopping = new AbortController()
  let running: Promise<void> | undefined

  const drain = async (): Promise<void> => {
    for (let segment = await journal.oldest(); segment !== undefined; segment = await journal.oldest()) {
      for (const parcel of parcelsOf(segment.records)) {
        if (!(await delivered(parcel))) return
        arrived()
      }
      await journal.remove(segment.name)
      log.info({ segment: segment.name, events: segment.records.length }, 'events of the journal were recorded')
    }
  }
  const delivered = async (parcel: Parcel): Promise<boolean> => {
    for (let wait = FIRST_PAUSE_MS; !stopping.signal.aborted; wait = Math.min(wait * 2, LAST_PAUSE_MS)) {
      try {
        await unlessStopped(publish(parcel), stopping.signal)
        return true
      } catch (error) {
        log.debug({ err: error }, 'events of the journal cannot be recorded yet')
        await pause(wait, stopping.signal)
      }
    }
    return false
  }
  const kick = (): void => {
    if (running !== undefined || stopping.signal.aborted || journal.empty) return
    running = drain()
      .catch(async (error: unknown) => {
        log.error({ err: error }, 'the journal cannot be read')
        await pause(LAST_PAUSE_MS, stopping.signal)
      })
      .finally(() => {
        running = undefined
        kick()
      })
  }
  kick()
  return {
    kick,
    async close(waitMs) {
      const late = setTimeout(() => stopping.abort(), waitMs)
      while (running !== undefined) await running
      clearTimeout(late)
      stopping.abort()
    },
  }
}

/** A bus that does not answer must not keep the process from ending. */
function unlessStopped<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopped = (): void => reject(new Error('stopped'))
    if (signal.aborted) stopped()
    signal.addEventListener('abort', stopped, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stopped))
  })
}

const WATCH_MS = 1_000

/** How full the journal is, and how old what it holds. @returns what ends the watching */
export function watchJournal(journal: Journal, clock: Clock, metrics: Metrics): () => void {
  const bytes = metrics.gauge('gatehouse_mcp_journal_bytes', 'Bytes of audit events in the journal on this disk.')
  const age = metrics.gauge('gatehouse_mcp_journal_age_seconds', 'Age of the oldest audit event in the journal.')
  const look = (): void => {
    const { oldestAt } = journal
    bytes.set(journal.bytes)
    age.set(oldestAt === undefined ? 0 : Math.max(0, clock.now() - oldestAt) / 1_000)
  }
  look()
  const timer = setInterval(look, WATCH_MS)
  timer.unref()
  return () => clearInterval(timer)
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}
