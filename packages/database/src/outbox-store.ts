import type { Sql, Tx } from './port.ts'
import { ident, sql } from './sql.ts'

export interface OutboxRow {
  readonly position: bigint
  readonly id: string
  readonly subject: string
  readonly event: string
  readonly headers: Readonly<Record<string, string>>
}

/** Where an outbox lies. */
export interface OutboxPlace {
  readonly schema: string
  readonly table: string
}

/** What locks and notifications call it: that of a schema that has one by the schema alone. */
export const nameOf = ({ schema, table }: OutboxPlace): string => (table === 'outbox' ? schema : `${schema}_${table}`)

/** First key of the advisory locks that appending transactions share; the second is made of the outbox's name. */
const APPENDERS = 1_869_968_498

export const appenderLock = (place: OutboxPlace): Sql =>
  sql`pg_advisory_xact_lock_shared(${APPENDERS}::integer, hashtext(${nameOf(place)}))`

/** Statements of the drainer, each of one outbox. */
export function outboxStore(place: OutboxPlace) {
  const { schema, table } = place
  const outbox = ident(`${schema}.${table}`)
  const lease = ident(`${schema}.${table}_lease`)
  const sequence = ident(`${schema}.${table}_position_seq`)
  return {
    /** Takes or renews the lease. What was the position when it worked, `undefined` when another holds it. */
    take: (tx: Tx, holder: string, forMs: number) =>
      tx.maybe<{ position: bigint }>(sql`
        update ${lease} set holder = ${holder}, until = clock_timestamp() + ${forMs} * interval '1 ms'
        where holder = ${holder} or until < clock_timestamp() returning position`),

    release: (tx: Tx, holder: string) => tx.run(sql`update ${lease} set until = '-infinity' where holder = ${holder}`),

    /** What another holder has published up to, and whether all is done. */
    watch: (tx: Tx) =>
      tx.one<{ position: bigint; empty: boolean }>(
        sql`select position, not exists (select from ${outbox}) as empty from ${lease}`,
      ),

    /** The newest position that was drawn, committed or not. */
    async lastDrawn(tx: Tx): Promise<bigint> {
      const row = await tx.one<{ last: bigint }>(
        sql`select case when is_called then last_value else 0 end as last from ${sequence}`,
      )
      return row.last
    },

    /** The transactions that are appending just now, by virtual transaction id (PostgreSQL, section 54.12, pg_locks). */
    async appenders(tx: Tx): Promise<string[]> {
      const rows = await tx.rows<{ id: string }>(sql`
        select virtualtransaction as id from pg_locks
        where locktype = 'advisory' and objsubid = 2 and mode = 'ShareLock' and granted
          and database = (select oid from pg_database where datname = current_database())
          and classid::bigint = ${APPENDERS} and objid::bigint = hashtext(${nameOf(place)})::bigint & 4294967295`)
      return rows.map((row) => row.id)
    },

    batch: (tx: Tx, size: number, without: readonly string[]) =>
      tx.rows<OutboxRow>(sql`
        select position, id, subject, event::text as event, headers from ${outbox}
        where subject <> all(${without}::text[]) order by position limit ${size}`),

    remove: (tx: Tx, positions: readonly bigint[]) =>
      tx.run(sql`delete from ${outbox} where position = any(${positions}::bigint[])`),

    advance: (tx: Tx, position: bigint) => tx.run(sql`update ${lease} set position = greatest(position, ${position})`),
  }
}
