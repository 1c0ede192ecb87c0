import { join, type Sql, sql, type Tx } from '@gatehouse/database'
import type { Position } from './cursor.ts'
import type { EventsQuery } from './query.ts'

export interface StoredEvent {
  readonly id: string
  readonly tenant: string
  readonly time: Date
  readonly received: Date
  readonly type: string
  readonly node: string | null
  readonly actor_kind: string | null
  readonly actor_id: string | null
  readonly client: string | null
  readonly grant_id: string | null
  readonly tool: string | null
  readonly outcome: string | null
  readonly reason: string | null
  readonly duration_ms: bigint | null
  readonly arguments_sha256: string | null
  readonly request_id: string | null
  readonly traceparent: string | null
}

/** At most `limit` events behind `after`, newest first. */
export function events_list(
  tx: Tx,
  query: EventsQuery,
  after: Position | undefined,
  limit: number,
): Promise<StoredEvent[]> {
  const conditions = conditionsOf(query, after)
  return tx.rows<StoredEvent>(sql`
    select id, tenant, time, received, type, node, actor_kind, actor_id, client, grant_id, tool, outcome, reason,
      duration_ms, arguments_sha256, request_id, traceparent
    from audit.events
    where ${conditions.length === 0 ? sql`true` : join(conditions, ' and ')}
    order by time desc, id desc
    limit ${limit}::integer`)
}

function conditionsOf(query: EventsQuery, after: Position | undefined): Sql[] {
  const { tenant, from, to, actor, client, tool, outcome } = query
  return [
    tenant === undefined ? undefined : sql`tenant = ${tenant}`,
    from === undefined ? undefined : sql`time >= ${from}::timestamptz`,
    to === undefined ? undefined : sql`time < ${to}::timestamptz`,
    actor === undefined ? undefined : sql`actor_id = ${actor}`,
    client === undefined ? undefined : sql`client = ${client}`,
    tool === undefined ? undefined : sql`tool = ${tool}`,
    outcome === undefined ? undefined : sql`outcome = ${outcome}`,
    after === undefined ? undefined : sql`(time, id) < (${after.time}::timestamptz, ${after.id}::uuid)`,
  ].filter((condition) => condition !== undefined)
}
