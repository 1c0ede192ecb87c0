import { AUDITED, type Clock, envelopeOf, PLATFORM } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { FastifyRequest } from 'fastify'
import type { Operator } from './access/access.ts'
import { Refusal } from './errors.ts'
import { events_insert_missing } from './ingest/events.store.ts'
import { toRow } from './ingest/to-row.ts'

export interface AdministrationDeps {
  readonly database: Database
  readonly clock: Clock
  readonly operatorOf: (request: FastifyRequest) => Operator
}

/** What an operator's change was made to, and in whose log that stands. */
export interface Concerned {
  /** Absent: it is of no tenant. */
  readonly tenant?: string
  readonly object?: { readonly kind: string; readonly id: string }
}

interface Change {
  /** `PUT /audit/retention/{class}` */
  readonly action: string
  /** Names of the fields that were given; of their values none is told. */
  readonly fields: readonly string[]
}

const SOURCE = '/services/audit'
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/**
 * Runs a change of an operator, who did it being a row of the log in the same transaction: once for each thing that it concerned. One that is
 * refused is told of after it. The route is to judge what it is given before.
 */
export async function administered<T>(
  request: FastifyRequest,
  { database, clock, operatorOf }: AdministrationDeps,
  change: Change,
  run: (tx: Tx) => Promise<{ readonly result: T; readonly concerned: readonly Concerned[] }>,
): Promise<T> {
  const { traceparent } = request.headers
  const rowOf = ({ tenant = PLATFORM, object }: Concerned, refused?: Refusal) => {
    const about = {
      ...{ source: SOURCE, tenant, now: new Date(clock.now()) },
      ...(typeof traceparent === 'string' && TRACEPARENT.test(traceparent) && { traceparent }),
    }
    const event = envelopeOf(AUDITED.administered, about, {
      actor: { kind: 'operator', ...operatorOf(request) },
      ...{ action: change.action, fields: [...change.fields], requestId: request.id },
      ...(refused === undefined ? { outcome: 'succeeded' } : { outcome: 'refused', reason: refused.reason }),
      ...(object && { object }),
    })
    const row = toRow(event)
    if (typeof row === 'string') throw new TypeError(row)
    return row
  }
  const purpose = 'audit: administration'
  try {
    return await database.asPlatform(purpose, async (tx) => {
      const { result, concerned } = await run(tx)
      await events_insert_missing(
        tx,
        (concerned.length === 0 ? [{}] : concerned).map((of) => rowOf(of)),
      )
      return result
    })
  } catch (error) {
    if (error instanceof Refusal)
      await database.asPlatform(purpose, (tx) => events_insert_missing(tx, [rowOf({}, error)]))
    throw error
  }
}
