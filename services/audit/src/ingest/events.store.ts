import { json, sql, type Tx } from '@gatehouse/database'
import type { DeadLetter } from './read-message.ts'
import type { EventRow } from './to-row.ts'

/** Stores events that are not yet there; how many those were. */
export function events_insert_missing(tx: Tx, rows: readonly EventRow[]): Promise<number> {
  const column = <K extends keyof EventRow>(name: K): EventRow[K][] => rows.map((row) => row[name])
  return tx.run(sql`
    insert into audit.events (
      id, tenant, time, type, source, node, actor_kind, actor_id, client, grant_id,
      tool, outcome, reason, duration_ms, arguments_sha256, request_id, traceparent, envelope
    )
    select * from unnest(
      ${column('id')}::uuid[], ${column('tenant')}::text[], ${column('time')}::timestamptz[], ${column('type')}::text[],
      ${column('source')}::text[], ${column('node')}::text[], ${column('actorKind')}::text[], ${column('actorId')}::text[],
      ${column('client')}::text[], ${column('grant')}::text[], ${column('tool')}::text[], ${column('outcome')}::text[],
      ${column('reason')}::text[], ${column('durationMs')}::bigint[], ${column('argumentsSha256')}::text[],
      ${column('requestId')}::text[], ${column('traceparent')}::text[], ${rows.map((row) => json(row.envelope))}::jsonb[]
    )
    on conflict (id) do nothing`)
}

/** Sets aside what is not yet there; how many those were. */
export function dead_letters_insert_missing(tx: Tx, letters: readonly DeadLetter[]): Promise<number> {
  return tx.run(sql`
    insert into audit.dead_letters (subject, sequence, published, part, reason, payload)
    select * from unnest(
      ${letters.map(({ origin }) => origin.subject)}::text[], ${letters.map(({ origin }) => origin.sequence)}::bigint[],
      ${letters.map(({ origin }) => origin.published)}::timestamptz[], ${letters.map(({ origin }) => origin.part)}::integer[],
      ${letters.map(({ reason }) => reason)}::text[], ${letters.map(({ payload }) => payload)}::bytea[]
    )
    on conflict do nothing`)
}
