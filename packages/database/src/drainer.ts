import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { refuseInsideTransaction } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import { createBell, type Promised, promised } from './bell.ts'
import { nameOf, type OutboxPlace, outboxStore } from './outbox-store.ts'
import type { Database, DatabaseHost } from './port.ts'
import { publishInOrder } from './publish-in-order.ts'
import { settlement } from './settled.ts'

/** What goes to the bus. `id` is the event's, so that a repeat is stored once. */
export interface OutboxMessage {
  readonly subject: string
  readonly id: string
  readonly data: string
  readonly headers: Readonly<Record<string, string>>
}

export interface DrainerOptions {
  /** As the role that owns the schema at run time. */
  readonly db: Database
  /** For its `listen`. */
  readonly host: Pick<DatabaseHost, 'listen'>
  /** Resolves when the message is stored durably. */
  readonly publish: (message: OutboxMessage) => Promise<unknown>
  readonly log: Logger
  /** After which a publish counts as failed and is repeated, in milliseconds. Default 5000. */
  readonly publishTimeoutMs?: number
}

export interface Drainer {
  /** Everything that was committed at this position or below has been published, by whichever drainer. */
  position(): bigint
  /** Resolves when all that was committed before the call has been published. Rejects when the drainer is stopped first. */
  idle(): Promise<void>
  /** Finishes the batch in hand, gives the lease back, stops. */
  stop(): Promise<void>
}

const BATCH = 256
/** Lease plus watch: the longest time nobody drains after a holder died. */
const LEASE_MS = 1500
const WATCH_MS = 500
const POLL_MS = 1000
const IDLE_WATCH_MS = 50
const SHORTEST_BACKOFF_MS = 50
const LONGEST_BACKOFF_MS = 1000

type Found = 'nothing left' | 'more' | 'held elsewhere' | 'held elsewhere, nothing left'

export function startDrainer(place: OutboxPlace, options: DrainerOptions): Drainer {
  refuseInsideTransaction('starting a drainer')
  const { host, log } = options
  const stopping = new AbortController()
  const bell = createBell()
  const outbox = nameOf(place)
  const { round, release, position } = createRounds(place, options)
  let waiting: Promised[] = []

  const loop = async () => {
    let backoff = 0
    while (!stopping.signal.aborted) {
      const asked = waiting
      try {
        const found = await round()
        if (backoff > 0) log.info({ outbox }, 'the outbox drains again')
        backoff = 0
        if (found.endsWith('nothing left')) {
          for (const waiter of asked) waiter.resolve()
          waiting = waiting.filter((waiter) => !asked.includes(waiter))
        }
        if (found === 'nothing left') await bell.wait(POLL_MS)
        else if (found !== 'more') await pause(waiting.length > 0 ? IDLE_WATCH_MS : WATCH_MS, undefined, stopping)
      } catch (error) {
        if (stopping.signal.aborted) break
        if (backoff === 0) log.warn({ err: error, outbox }, 'the outbox cannot be drained; its rows are kept')
        backoff = Math.min(Math.max(backoff * 2, SHORTEST_BACKOFF_MS), LONGEST_BACKOFF_MS)
        await pause(backoff, undefined, stopping).catch(() => {})
      }
    }
    await release().catch((error: unknown) => log.debug({ err: error, outbox }, 'the lease runs out by itself'))
    for (const waiter of waiting) waiter.reject(new Error('the drainer was stopped'))
  }

  const listening = listenUntil(stopping.signal, host, `outbox_${outbox}`, bell.ring, log)
  const done = loop()
  return {
    position,
    idle() {
      if (stopping.signal.aborted) return Promise.reject(new Error('the drainer was stopped'))
      const waiter = promised()
      waiting = [...waiting, waiter]
      bell.ring()
      return waiter.promise
    },
    async stop() {
      stopping.abort()
      bell.ring()
      await Promise.all([done, listening])
    },
  }
}

/** One round: take the lease, read a batch, publish it outside the transaction, delete what went out. */
function createRounds(place: OutboxPlace, { db, publish, log, publishTimeoutMs = 5000 }: DrainerOptions) {
  const holder = randomUUID()
  const store = outboxStore(place)
  const { observe } = settlement()
  let position = 0n
  /** Subjects whose oldest row failed when a full batch was read: left out once, so that they cannot starve the rest. */
  let stuck = new Map<string, bigint>()

  const learn = (known: bigint) => {
    if (known > position) position = known
  }
  const renew = () =>
    db
      .asPlatform('outbox lease', (tx) => store.take(tx, holder, LEASE_MS))
      .catch((error: unknown) => {
        log.debug({ err: error, outbox: nameOf(place) }, 'the lease could not be renewed')
      })

  const read = () =>
    db.asPlatform('outbox read', async (tx) => {
      const lease = await store.take(tx, holder, LEASE_MS)
      if (lease === undefined) return { elsewhere: await store.watch(tx) }
      const last = await store.lastDrawn(tx)
      const settled = observe(last, await store.appenders(tx))
      return { settled, known: lease.position, rows: await store.batch(tx, BATCH, [...stuck.keys()]) }
    })

  const round = async (): Promise<Found> => {
    const seen = await read()
    if (seen.elsewhere !== undefined) {
      learn(seen.elsewhere.position)
      return seen.elsewhere.empty ? 'held elsewhere, nothing left' : 'held elsewhere'
    }
    const { rows, settled, known } = seen
    learn(known)
    const heartbeat = setInterval(renew, WATCH_MS)
    const { published, failed } = await publishInOrder(rows, publish, publishTimeoutMs).finally(() =>
      clearInterval(heartbeat),
    )
    const full = rows.length === BATCH
    const reached = lowest([
      settled,
      ...(full ? [rows.at(-1)?.position ?? 0n] : []),
      ...[...stuck.values(), ...failed.map(({ row }) => row.position)].map((first) => first - 1n),
    ])
    if (published.length > 0 || reached > position) {
      await db.asPlatform('outbox done', async (tx) => {
        await store.remove(
          tx,
          published.map((row) => row.position),
        )
        await store.advance(tx, reached)
      })
      learn(reached)
    }
    const skipped = stuck.size > 0
    stuck = full && failed.length > 0 ? new Map(failed.map(({ row }) => [row.subject, row.position])) : new Map()
    if (failed[0] !== undefined) throw failed[0].error
    return full || skipped ? 'more' : 'nothing left'
  }

  const release = () => db.asPlatform('outbox lease', (tx) => store.release(tx, holder))
  return { round, release, position: () => position }
}

const lowest = (positions: readonly bigint[]): bigint => [...positions].sort((a, b) => Number(a - b))[0] ?? 0n

/** Listens as soon as the database lets it; until then polling does. */
async function listenUntil(
  signal: AbortSignal,
  host: Pick<DatabaseHost, 'listen'>,
  channel: string,
  heard: () => void,
  log: Logger,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const stop = await host.listen(channel, heard)
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
      await stop()
    } catch (error) {
      log.debug({ err: error, channel }, 'listening failed, polling meanwhile')
      await pause(POLL_MS, undefined, { signal }).catch(() => {})
    }
  }
}
