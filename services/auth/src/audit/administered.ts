import type { Clock } from '@gatehouse/contracts'
import { type Database, sql, type Tx } from '@gatehouse/database'
import { Refusal } from '../errors.ts'
import { append, auditedEvent } from './append.ts'

/** An operation of the admin API that changes something. */
export interface Change {
  /** `PATCH /clients/{client}` */
  readonly action: string
  /** What its path and its body have; of the body only the names are told. */
  readonly input: Readonly<Record<string, unknown>>
  /** The program that did it; absent: whoever has the operator's token. */
  readonly client?: string
}

/**
 * Runs a change of an operator. What it writes and that it was made are one transaction: each that has written anything tells so before
 * it ends, with the same event. One that wrote nothing here, or was refused, is told of after it.
 */
export async function administered<T>(
  deps: { readonly db: Database; readonly clock: Clock },
  change: Change,
  run: (db: Database) => Promise<T>,
): Promise<T> {
  const { db, clock } = deps
  const made = auditedEvent('administered', { ...aboutOf(change, clock), outcome: 'succeeded' })
  let told = false
  const telling = async <R>(tx: Tx, body: (tx: Tx) => Promise<R>): Promise<R> => {
    const result = await body(tx)
    if (await hasWritten(tx)) {
      await append(tx, made)
      told = true
    }
    return result
  }
  const watched: Database = {
    asTenant: (tenant, body) => db.asTenant(tenant, (tx) => telling(tx, body)),
    asPlatform: (purpose, body) => db.asPlatform(purpose, (tx) => telling(tx, body)),
    readAsPlatform: (purpose, statement) => db.readAsPlatform(purpose, statement),
    writeAsPlatform: (purpose, make) => db.asPlatform(purpose, (tx) => telling(tx, () => tx.run(make()))),
    ping: () => db.ping(),
  }
  try {
    const result = await run(watched)
    if (!told) await db.asPlatform('audit', (tx) => append(tx, made))
    return result
  } catch (error) {
    if (error instanceof Refusal && !told) {
      const { tenant: _unproven, ...about } = aboutOf(change, clock)
      const refused = auditedEvent('administered', { ...about, outcome: 'refused', reason: error.reason })
      await db.asPlatform('audit', (tx) => append(tx, refused))
    }
    throw error
  }
}

/** A transaction has an id only from its first write on (PostgreSQL, section 9.27.8). */
const hasWritten = async (tx: Tx): Promise<boolean> =>
  (await tx.one<{ wrote: boolean }>(sql`select pg_current_xact_id_if_assigned() is not null as wrote`)).wrote

const PLACEHOLDER = /\{([a-zA-Z]+)\}/g

function aboutOf({ action, input, client }: Change, clock: Clock) {
  const places = [...action.matchAll(PLACEHOLDER)].map(([, name]) => name ?? '')
  const of = places.at(-1)
  const { tenant } = input
  return {
    now: new Date(clock.now()),
    actor: { kind: 'operator' as const, ...(client === undefined ? {} : { client }) },
    action,
    fields: Object.keys(input).filter((name) => !places.includes(name) && input[name] !== undefined),
    ...(of === undefined ? {} : { object: { kind: of, id: String(input[of]) } }),
    ...(typeof tenant === 'string' && tenant !== '' ? { tenant } : {}),
  }
}
