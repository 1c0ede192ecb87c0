import { join, type Sql, sql, type Tx } from '@gatehouse/database'
import { eventColumns, type StoredRow } from '../stored-event.ts'
import type { Position } from './cursor.ts'
import type { EventFilters } from './query.ts'

/** With the persons, where they were not erased. */
export interface StoredEvent extends StoredRow {
  /** Who did it. */
  readonly person: string | null
  /** To whom it was done. */
  readonly object_person: string | null
}

const shown = sql`${eventColumns}, (
  select person from audit.identities as i where i.tenant = e.tenant and i.identity = e.actor_identity) as person, (
  select person from audit.identities as i where e.rest -> 'object' ->> 'kind' = 'person' and i.tenant = e.tenant
    and i.identity = substr(e.rest -> 'object' ->> 'id', length('person:') + 1)) as object_person`

/** At most `limit` events behind `after`, newest first. */
export async function events_list(
  tx: Tx,
  query: EventFilters,
  after: Position | undefined,
  limit: number,
): Promise<StoredEvent[]> {
  const conditions = await conditionsOf(tx, query)
  if (after !== undefined) conditions.push(sql`(e.time, e.id) < (${after.time}::timestamptz, ${after.id}::uuid)`)
  return tx.rows<StoredEvent>(sql`
    select ${shown} from audit.events as e
    where ${conditions.length === 0 ? sql`true` : join(conditions, ' and ')}
    order by e.time desc, e.id desc
    limit ${limit}::integer`)
}

/** Events that arrived since then, oldest first. */
export async function events_arrived(tx: Tx, query: EventFilters, since: Date, limit: number): Promise<StoredEvent[]> {
  const conditions = [sql`e.received >= ${since}::timestamptz`, ...(await conditionsOf(tx, query))]
  return tx.rows<StoredEvent>(sql`
    select ${shown} from audit.events as e where ${join(conditions, ' and ')}
    order by e.received, e.id limit ${limit}::integer`)
}

/** The hashes that stand for a person, in the logs that this transaction sees. */
const identities_of = async (tx: Tx, person: string): Promise<readonly string[]> =>
  (await tx.rows<{ identity: string }>(sql`select identity from audit.identities where person = ${person}`)).map(
    ({ identity }) => identity,
  )

async function conditionsOf(tx: Tx, query: EventFilters): Promise<Sql[]> {
  const { tenant, from, to, actor, client, type, tool, outcome } = query
  const identities = actor === undefined ? [] : await identities_of(tx, actor)
  const byActor =
    identities.length === 0 ? sql`e.actor_id = ${actor}` : sql`e.actor_identity = any(${identities}::text[])`
  return [
    tenant === undefined ? undefined : sql`e.tenant = ${tenant}`,
    from === undefined ? undefined : sql`e.time >= ${from}::timestamptz`,
    to === undefined ? undefined : sql`e.time < ${to}::timestamptz`,
    actor === undefined ? undefined : byActor,
    client === undefined ? undefined : sql`e.client = ${client}`,
    type === undefined ? undefined : sql`e.type = ${type}`,
    tool === undefined ? undefined : sql`e.tool = ${tool}`,
    outcome === undefined ? undefined : sql`e.outcome = ${outcome}`,
  ].filter((condition) => condition !== undefined)
}
