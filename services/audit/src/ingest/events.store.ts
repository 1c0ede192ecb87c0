import { json, sql, type Tx } from '@gatehouse/database'
import { identify, pseudonymous } from '../identities/identify.ts'
import type { DeadLetter } from './read-message.ts'
import type { EventRow } from './to-row.ts'

/** Stores events that are not yet there, persons by their salted hashes; how many those were. */
export async function events_insert_missing(tx: Tx, rows: readonly EventRow[]): Promise<number> {
  const identityOf = await identify(tx, rows)
  const stored = rows.map((row) => pseudonymous(row, identityOf))
  const column = <K extends keyof (typeof stored)[number]>(name: K) => stored.map((row) => row[name])
  return tx.run(sql`
    insert into audit.events (
      id, tenant, class, time, type, source, node, actor_kind, actor_id, actor_identity, client, grant_id,
      tool, action, outcome, reason, duration_ms, arguments_sha256, request_id, traceparent, rest
    )
    select * from unnest(
      ${column('id')}::uuid[], ${column('tenant')}::text[], ${column('class')}::text[], ${column('time')}::timestamptz[],
      ${column('type')}::text[], ${column('source')}::text[], ${column('node')}::text[], ${column('actorKind')}::text[],
      ${column('actorId')}::text[], ${column('actorIdentity')}::text[], ${column('client')}::text[],
      ${column('grant')}::text[], ${column('tool')}::text[], ${column('action')}::text[], ${column('outcome')}::text[],
      ${column('reason')}::text[], ${column('durationMs')}::bigint[], ${column('argumentsSha256')}::text[],
      ${column('requestId')}::text[], ${column('traceparent')}::text[], ${stored.map(({ rest }) => json(rest))}::jsonb[]
    )
    on conflict (id, class, time) do nothing`)
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
