import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { AUDITED, type AuditedData, auditSubject, type Clock, envelopeOf } from '@gatehouse/contracts'
import { createOutbox, type Database, type Tx } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import type { Logger } from '@gatehouse/telemetry'
import { actorOf } from '../calls/event.ts'
import {
  type ConnectionRow,
  connections_end,
  connections_end_due,
  connections_end_of_instance,
  connections_insert,
  type EndedRow,
  instance_count,
  instance_delete,
  instance_renew,
  instances_delete_lost,
} from './connections.store.ts'

export interface Opened {
  /** Names the session, or the stream. */
  readonly id: string
  readonly transport: 'session' | 'http-sse' | 'listen'
  readonly principal: Principal
  readonly revision: string
  readonly requestId?: string
  /** For what any node goes on with: how long it lives at most. Absent: it ends with this process. */
  readonly lifeMs?: number
}

export type EndReason = 'closed' | 'session.deleted'

export interface Presence {
  /** A client holds something from now on. Resolves when that is in the log to be, or after a second without; never rejects. */
  opened(connection: Opened): Promise<void>
  /** It does not any more. Whoever says so first is believed; what was never opened is not closed. */
  closed(id: string, reason: EndReason): void
  /** How many processes serve, this one among them, as last known: a beat ago, or longer while the database is away. */
  nodes(): number
  /** Ends what is this process's. */
  close(): Promise<void>
}

/** The service's own. */
export const outbox = createOutbox('mcp')

/** Milliseconds. A process that is killed is missed after the lease and one beat of another. */
const LEASE_MS = 15_000
const BEAT_MS = 5_000
const WAIT_MS = 1_000
const RETRY_MS = 1_000
const BATCH = 256
/** Beyond it, while the database is away, what happens is not told any more. */
const MAX_WAITING = 20_000

type Step =
  | { readonly kind: 'open'; readonly row: ConnectionRow; readonly told: () => void }
  | { readonly kind: 'close'; readonly id: string; readonly reason: EndReason }

/**
 * Who is connected: one event when a connection is opened, and exactly one when it has ended, whether its client, its node, its time or the
 * death of its node has ended it. Row and event are one transaction, and whoever deletes the row tells. What happens while the database
 * is away is told when it is back, unless the process is killed before.
 */
export function createPresence(deps: {
  readonly db: Database
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  readonly leaseMs?: number
  readonly beatMs?: number
}): Presence {
  const { db, node, clock, log, leaseMs = LEASE_MS, beatMs = BEAT_MS } = deps
  const instance = randomUUID()
  const stopping = new AbortController()
  let steps: Step[] = []
  let running: Promise<void> | undefined
  let failing = false
  let nodes = 1

  const append = async (tx: Tx, kind: 'connected' | 'disconnected', row: EndedRow, data: Partial<AuditedData>) => {
    const { tenant, actor, transport, revision, requestId } = row
    const event = envelopeOf(
      AUDITED[kind],
      { source: '/services/mcp', tenant, now: kind === 'connected' ? row.openedAt : new Date(clock.now()) },
      {
        actor,
        outcome: 'succeeded',
        action: transport,
        object: { kind: 'connection', id: row.id },
        protocolVersion: revision,
        ...(requestId === null ? {} : { requestId }),
        node: row.node,
        ...data,
      },
    )
    await outbox.append(tx, { subject: auditSubject(node), event })
  }
  const tellEnded = (tx: Tx, rows: readonly EndedRow[], reasonOf: (row: EndedRow) => string): Promise<unknown> =>
    Promise.all(
      rows.map((row) => {
        const durationMs = Math.max(0, clock.now() - row.openedAt.getTime())
        return append(tx, 'disconnected', row, { reason: reasonOf(row), durationMs })
      }),
    )

  const take = (batch: readonly Step[]): Promise<void> =>
    db.asPlatform('presence', async (tx) => {
      const opened = batch.flatMap((step) => (step.kind === 'open' ? [step.row] : []))
      const reasons = new Map(batch.flatMap((step) => (step.kind === 'close' ? [[step.id, step.reason] as const] : [])))
      if (opened.some((row) => row.instance !== null)) await instance_renew(tx, instance, node, leaseMs)
      if (opened.length > 0) {
        const made = await connections_insert(tx, opened)
        const fresh = opened.filter(({ id }) => made.has(id))
        await Promise.all(fresh.map((row) => append(tx, 'connected', { ...row, expired: false }, {})))
      }
      if (reasons.size > 0) {
        const rows = await connections_end(tx, [...reasons.keys()])
        await tellEnded(tx, rows, ({ id }) => reasons.get(id) ?? 'closed')
      }
    })
  const work = async (): Promise<void> => {
    // Those of this turn of the loop go together.
    await Promise.resolve()
    while (steps.length > 0) {
      const batch = steps.slice(0, BATCH)
      try {
        await take(batch)
        steps = steps.slice(batch.length)
        failing = false
        for (const step of batch) if (step.kind === 'open') step.told()
      } catch (error) {
        if (!failing) log.warn({ err: error }, 'connections cannot be recorded; they wait')
        failing = true
        if (stopping.signal.aborted) break
        await pause(RETRY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
      }
    }
    // In the same turn as the last look: what comes now begins anew.
    running = undefined
  }
  const add = (step: Step): void => {
    if (steps.length >= MAX_WAITING) {
      log.error(
        { connection: step.kind === 'open' ? step.row.id : step.id },
        'too many connections wait to be recorded',
      )
      return
    }
    steps.push(step)
    running ??= work()
  }

  const beat = async (): Promise<void> => {
    nodes = await db.asPlatform('presence', async (tx) => {
      await instance_renew(tx, instance, node, leaseMs)
      return instance_count(tx)
    })
    for (let count = BATCH; count === BATCH; ) {
      count = await db.asPlatform('presence', async (tx) => {
        const rows = await connections_end_due(tx, BATCH)
        await tellEnded(tx, rows, ({ expired }) => (expired ? 'expired' : 'node-lost'))
        return rows.length
      })
      if (count > 0) log.info({ connections: count }, 'connections have ended without their node')
    }
    await db.asPlatform('presence', instances_delete_lost)
  }
  const beatOn = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await beat().catch((error: unknown) => log.debug({ err: error }, 'connections could not be looked after'))
      await pause(beatMs, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  }
  const beating = beatOn()

  return {
    opened({ id, transport, principal, revision, requestId, lifeMs }) {
      const row: ConnectionRow = {
        id,
        tenant: principal.tenant,
        transport,
        actor: actorOf(principal),
        revision,
        requestId: requestId ?? null,
        instance: lifeMs === undefined ? instance : null,
        node,
        openedAt: new Date(clock.now()),
        leftMs: lifeMs ?? null,
      }
      return new Promise((resolve) => {
        const timer = setTimeout(resolve, WAIT_MS)
        const told = (): void => {
          clearTimeout(timer)
          resolve()
        }
        add({ kind: 'open', row, told })
      })
    },
    nodes: () => nodes,
    closed: (id, reason) => add({ kind: 'close', id, reason }),
    async close() {
      if (stopping.signal.aborted) return
      stopping.abort()
      await Promise.all([beating, running])
      if (steps.length > 0) log.warn({ steps: steps.length }, 'ended with connections that were not recorded')
      await db
        .asPlatform('presence', async (tx) => {
          await tellEnded(tx, await connections_end_of_instance(tx, instance), () => 'node-stopped')
          await instance_delete(tx, instance)
        })
        .catch((error: unknown) => log.warn({ err: error }, 'another node ends the connections of this one'))
    },
  }
}
