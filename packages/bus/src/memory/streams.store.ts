import type { StreamDefinition } from '@gatehouse/contracts'
import { sql, type Tx } from '@gatehouse/database'

export interface StreamHead {
  readonly lastSequence: number
  readonly incarnation: string
  readonly maxAgeSeconds: number | undefined
}

/** A sequence that was given out, with the limits that storing has to keep. */
export interface Slot {
  readonly sequence: number
  readonly maxAgeSeconds: number | undefined
  readonly maxBytes: number | undefined
  readonly maxMessagesPerSubject: number | undefined
  readonly duplicateWindowSeconds: number
}

const number = (value: bigint | null): number | undefined => (value === null ? undefined : Number(value))

export async function ensureStream(tx: Tx, stream: StreamDefinition): Promise<void> {
  await tx.run(sql`
    insert into bus.streams
      (name, subjects, max_age_seconds, max_bytes, max_messages_per_subject, duplicate_window_seconds)
    values (${stream.name}, ${[...stream.subjects]}::text[], ${stream.maxAgeSeconds ?? null}::bigint,
      ${stream.maxBytes ?? null}::bigint, ${stream.maxMessagesPerSubject ?? null}::bigint,
      ${stream.duplicateWindowSeconds}::bigint)
    on conflict (name) do update set
      subjects = excluded.subjects,
      max_age_seconds = excluded.max_age_seconds,
      max_bytes = excluded.max_bytes,
      max_messages_per_subject = excluded.max_messages_per_subject,
      duplicate_window_seconds = excluded.duplicate_window_seconds`)
}

export const deleteStream = (tx: Tx, name: string) => tx.run(sql`delete from bus.streams where name = ${name}`)

export function listStreams(tx: Tx): Promise<{ name: string; subjects: string[] }[]> {
  return tx.rows(sql`select name, subjects from bus.streams order by name`)
}

export async function headOf(tx: Tx, stream: string): Promise<StreamHead | undefined> {
  const row = await tx.maybe<{ last_sequence: bigint; incarnation: string; max_age_seconds: bigint | null }>(sql`
    select last_sequence, incarnation, max_age_seconds from bus.streams where name = ${stream}`)
  return (
    row && {
      lastSequence: Number(row.last_sequence),
      incarnation: row.incarnation,
      maxAgeSeconds: number(row.max_age_seconds),
    }
  )
}

/** Gives out the next sequence and holds the stream until the commit, so that sequences become visible in order. */
export async function nextSlot(tx: Tx, stream: string): Promise<Slot | undefined> {
  const row = await tx.maybe<{
    last_sequence: bigint
    max_age_seconds: bigint | null
    max_bytes: bigint | null
    max_messages_per_subject: bigint | null
    duplicate_window_seconds: bigint
  }>(sql`
    update bus.streams set last_sequence = last_sequence + 1 where name = ${stream}
    returning last_sequence, max_age_seconds, max_bytes, max_messages_per_subject, duplicate_window_seconds`)
  return (
    row && {
      sequence: Number(row.last_sequence),
      maxAgeSeconds: number(row.max_age_seconds),
      maxBytes: number(row.max_bytes),
      maxMessagesPerSubject: number(row.max_messages_per_subject),
      duplicateWindowSeconds: Number(row.duplicate_window_seconds),
    }
  )
}

/** Where a durable consumer stands, 0 before its first acknowledgement. */
export async function positionOf(tx: Tx, stream: string, durable: string): Promise<number> {
  const row = await tx.maybe<{ position: bigint }>(sql`
    select position from bus.consumers where stream = ${stream} and durable = ${durable}`)
  return Number(row?.position ?? 0)
}

/** Nothing happens when the stream has gone meanwhile. */
export async function savePosition(tx: Tx, stream: string, durable: string, position: number): Promise<void> {
  await tx.run(sql`
    insert into bus.consumers (stream, durable, position)
    select name, ${durable}, ${position}::bigint from bus.streams where name = ${stream}
    on conflict (stream, durable) do update set position = greatest(consumers.position, excluded.position)`)
}
