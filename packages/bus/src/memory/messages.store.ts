import { sql, type Tx } from '@gatehouse/database'

export interface NewMessage {
  readonly stream: string
  readonly sequence: number
  readonly subject: string
  readonly id: string
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly time: Date
}

export interface StoredMessage {
  readonly subject: string
  readonly sequence: number
  readonly time: Date
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

export interface Range {
  readonly stream: string
  /** Sequences above this one. */
  readonly after: number
  /** A regular expression for subjects. */
  readonly pattern: string
  readonly notBefore: Date
  readonly limit: number
}

interface MessageRow extends Omit<StoredMessage, 'sequence'> {
  readonly sequence: bigint
}

const stored = (row: MessageRow): StoredMessage => ({ ...row, sequence: Number(row.sequence) })

/** `false` when the id has been stored since `knownSince`; then nothing is written. */
export async function insertMessage(tx: Tx, message: NewMessage, knownSince: Date): Promise<boolean> {
  const written = await tx.run(sql`
    with remembered as (
      insert into bus.message_ids (stream, id, sequence, time)
      values (${message.stream}, ${message.id}, ${message.sequence}::bigint, ${message.time}::timestamptz)
      on conflict (stream, id) do update set sequence = excluded.sequence, time = excluded.time
        where message_ids.time < ${knownSince}::timestamptz
      returning stream, sequence, time
    )
    insert into bus.messages (stream, sequence, subject, data, headers, time)
    select stream, sequence, ${message.subject}, ${Buffer.from(message.data)}::bytea,
      ${JSON.stringify(message.headers)}::jsonb, time
    from remembered`)
  return written === 1
}

export async function sequenceOfId(tx: Tx, stream: string, id: string): Promise<number> {
  const row = await tx.one<{ sequence: bigint }>(sql`
    select sequence from bus.message_ids where stream = ${stream} and id = ${id}`)
  return Number(row.sequence)
}

export async function readMessages(tx: Tx, range: Range): Promise<StoredMessage[]> {
  const rows = await tx.rows<MessageRow>(sql`
    select subject, sequence, time, data, headers from bus.messages
    where stream = ${range.stream} and sequence > ${range.after}::bigint
      and time >= ${range.notBefore}::timestamptz and subject ~ ${range.pattern}
    order by sequence limit ${range.limit}::int`)
  return rows.map(stored)
}

/** The newest message of each subject, as long as it lies at or before `until`. */
export async function readLastPerSubject(tx: Tx, range: Range, until: number): Promise<StoredMessage[]> {
  const rows = await tx.rows<MessageRow>(sql`
    select subject, sequence, time, data, headers from bus.messages m
    where stream = ${range.stream} and sequence > ${range.after}::bigint and sequence <= ${until}::bigint
      and time >= ${range.notBefore}::timestamptz and subject ~ ${range.pattern}
      and not exists (
        select from bus.messages newer
        where newer.stream = m.stream and newer.subject = m.subject and newer.sequence > m.sequence)
    order by sequence limit ${range.limit}::int`)
  return rows.map(stored)
}

/** Leaves the newest `keep` messages of a subject. */
export async function trimSubject(tx: Tx, stream: string, subject: string, keep: number): Promise<void> {
  await tx.run(sql`
    delete from bus.messages where stream = ${stream} and subject = ${subject} and sequence <= (
      select sequence from bus.messages where stream = ${stream} and subject = ${subject}
      order by sequence desc offset ${keep}::bigint limit 1)`)
}

export async function trimAge(tx: Tx, stream: string, before: Date): Promise<void> {
  await tx.run(sql`delete from bus.messages where stream = ${stream} and time < ${before}::timestamptz`)
}

/** Leaves the newest messages whose data fits into `bytes` together. */
export async function trimBytes(tx: Tx, stream: string, bytes: number): Promise<void> {
  await tx.run(sql`
    delete from bus.messages where stream = ${stream} and sequence <= (
      select sequence from (
        select sequence, sum(length(data)) over (order by sequence desc) as total
        from bus.messages where stream = ${stream}) sized
      where total > ${bytes}::bigint order by sequence desc limit 1)`)
}

export async function forgetIds(tx: Tx, stream: string, before: Date): Promise<void> {
  await tx.run(sql`delete from bus.message_ids where stream = ${stream} and time < ${before}::timestamptz`)
}
