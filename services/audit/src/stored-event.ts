import type { Evidence } from '@gatehouse/audit-proof'
import { sql } from '@gatehouse/database'

/** A row of `audit.events` as it is read. */
export interface StoredRow {
  readonly id: string
  readonly tenant: string
  readonly class: string
  readonly time: Date
  readonly received: Date
  readonly type: string
  readonly source: string
  readonly node: string | null
  readonly actor_kind: string | null
  readonly actor_id: string | null
  readonly actor_identity: string | null
  readonly client: string | null
  readonly grant_id: string | null
  readonly tool: string | null
  readonly action: string | null
  readonly outcome: string | null
  readonly reason: string | null
  readonly duration_ms: bigint | null
  readonly arguments_sha256: string | null
  readonly request_id: string | null
  readonly traceparent: string | null
  readonly rest: Readonly<Record<string, unknown>>
  readonly seq: bigint | null
  readonly hash: string | null
}

/** Of `audit.events as e`. */
export const eventColumns = sql`e.id, e.tenant, e.class, e.time, e.received, e.type, e.source, e.node, e.actor_kind, e.actor_id,
  e.actor_identity, e.client, e.grant_id, e.tool, e.action, e.outcome, e.reason, e.duration_ms, e.arguments_sha256,
  e.request_id, e.traceparent, e.rest, e.seq, e.hash`

/** What is committed to: all that a row says, a person only by the salted hash. A column without a value is no field. */
export function evidenceOf(row: StoredRow): Evidence {
  return {
    id: row.id,
    tenant: row.tenant,
    class: row.class,
    time: row.time.toISOString(),
    received: row.received.toISOString(),
    type: row.type,
    source: row.source,
    ...given('node', row.node),
    ...given('actorKind', row.actor_kind),
    ...given('actorId', row.actor_id),
    ...given('actorIdentity', row.actor_identity),
    ...given('client', row.client),
    ...given('grant', row.grant_id),
    ...given('tool', row.tool),
    ...given('action', row.action),
    ...given('outcome', row.outcome),
    ...given('reason', row.reason),
    ...given('durationMs', row.duration_ms === null ? null : Number(row.duration_ms)),
    ...given('argumentsSha256', row.arguments_sha256),
    ...given('requestId', row.request_id),
    ...given('traceparent', row.traceparent),
    rest: row.rest,
  }
}

const given = (name: string, value: string | number | null): Record<string, string | number> =>
  value === null ? {} : { [name]: value }
