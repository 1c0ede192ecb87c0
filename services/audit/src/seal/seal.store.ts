import type { Segment } from '@gatehouse/audit-proof'
import { sql, type Tx } from '@gatehouse/database'
import { eventColumns, type StoredRow } from '../stored-event.ts'

export const PLATFORM_CHAIN = 'platform'
export const tenantChain = (tenant: string): string => `tenant/${tenant}`

export interface Waiting {
  readonly tenant: string
  /** For how long its oldest row has waited, in seconds. */
  readonly seconds: number
}

/** Tenants that have rows which no head proves. One step along the index for each, however many rows wait. */
export const unsealed_waiting = (tx: Tx) =>
  tx.rows<Waiting>(sql`
    with recursive waiting as (
      (select tenant, received from audit.events where seq is null order by tenant, received limit 1)
      union all
      select next.tenant, next.received from waiting cross join lateral (
        select e.tenant, e.received from audit.events as e
        where e.seq is null and e.tenant > waiting.tenant order by e.tenant, e.received limit 1) as next)
    select tenant, greatest(0, extract(epoch from clock_timestamp() - received))::float8 as seconds from waiting
    order by tenant`)

/** How many rows no head proves; of more than `most` it is not told how many more. */
export async function unsealed_count_up_to(tx: Tx, most: number): Promise<number> {
  const { n } = await tx.one<{ n: bigint }>(
    sql`select count(*) as n from (select from audit.events where seq is null limit ${most}::integer) as waiting`,
  )
  return Number(n)
}

/**
 * Of all processes that ask at once one gets it, until its transaction ends. Dropping what is old waits for those who seal, and they for
 * it: a head would tell of rows that are gone.
 */
export async function seal_try_lock(tx: Tx, chain: string): Promise<boolean> {
  const { got } = await tx.one<{ got: boolean }>(sql`
    select pg_try_advisory_xact_lock_shared(hashtextextended('gatehouse.audit.retention', 0))
      and pg_try_advisory_xact_lock(hashtextextended(${`gatehouse.audit.seal/${chain}`}, 0)) as got`)
  return got
}

export const retention_lock = (tx: Tx) =>
  tx.run(sql`select pg_advisory_xact_lock(hashtextextended('gatehouse.audit.retention', 0))`)

/** The oldest rows that are not sealed yet. */
export const unsealed_list = (tx: Tx, tenant: string, limit: number) =>
  tx.rows<StoredRow>(sql`
    select ${eventColumns} from audit.events as e where e.tenant = ${tenant} and e.seq is null
    order by e.received, e.id limit ${limit}::integer`)

export interface Place {
  readonly id: string
  readonly class: string
  readonly time: Date
  readonly seq: number
  readonly hash: string
}

/** Gives rows their places. @throws when one of them has one: it was sealed by somebody else */
export async function events_seal(tx: Tx, places: readonly Place[]): Promise<void> {
  const sealed = await tx.run(sql`
    update audit.events as e set seq = p.seq, hash = p.hash
    from unnest(${places.map(({ id }) => id)}::uuid[], ${places.map((of) => of.class)}::text[],
      ${places.map(({ time }) => time)}::timestamptz[], ${places.map(({ seq }) => seq)}::bigint[],
      ${places.map(({ hash }) => hash)}::text[]) as p (id, class, time, seq, hash)
    where e.id = p.id and e.class = p.class and e.time = p.time and e.seq is null`)
  if (sealed !== places.length) throw new Error(`${places.length - sealed} rows were sealed by somebody else`)
}

interface SegmentRow extends Omit<Segment, 'count' | 'droppedThrough'> {
  readonly count: bigint
  readonly droppedThrough: bigint
}

/** By class and month. */
export async function segments_list(tx: Tx, tenant: string): Promise<readonly Segment[]> {
  const rows = await tx.rows<SegmentRow>(sql`
    select class, month, count, hash, dropped_through as "droppedThrough", dropped_hash as "droppedHash"
    from audit.segments where tenant = ${tenant} order by class, month`)
  return rows.map((row) => ({ ...row, count: Number(row.count), droppedThrough: Number(row.droppedThrough) }))
}

export const segments_put = (tx: Tx, tenant: string, segments: readonly Segment[]) =>
  tx.run(sql`
    insert into audit.segments (tenant, class, month, count, hash, dropped_through, dropped_hash)
    select ${tenant}, * from unnest(${segments.map((of) => of.class)}::text[], ${segments.map(({ month }) => month)}::text[],
      ${segments.map(({ count }) => count)}::bigint[], ${segments.map(({ hash }) => hash)}::text[],
      ${segments.map(({ droppedThrough }) => droppedThrough)}::bigint[],
      ${segments.map(({ droppedHash }) => droppedHash)}::text[])
    on conflict (tenant, class, month) do update set count = excluded.count, hash = excluded.hash,
      dropped_through = excluded.dropped_through, dropped_hash = excluded.dropped_hash`)

export interface ChainEnd {
  readonly n: number
  readonly hash: string
}

export async function chain_end(tx: Tx, chain: string): Promise<ChainEnd | undefined> {
  const row = await tx.maybe<{ n: bigint; hash: string }>(
    sql`select n, hash from audit.heads where chain = ${chain} order by n desc limit 1`,
  )
  return row && { n: Number(row.n), hash: row.hash }
}

export interface NewHead extends ChainEnd {
  readonly chain: string
  readonly jws: string
  readonly at: Date
}

/** Heads before the last thousand of a chain have served: the last one proves all rows, and the bus has the others. */
const KEPT_HEADS = 1_000

export async function head_insert(tx: Tx, head: NewHead): Promise<void> {
  await tx.run(sql`
    insert into audit.heads (chain, n, hash, jws, at)
    values (${head.chain}, ${head.n}, ${head.hash}, ${head.jws}, ${head.at})`)
  await tx.run(sql`delete from audit.heads where chain = ${head.chain} and n <= ${head.n - KEPT_HEADS} and published`)
}

export const chain_put = (tx: Tx, tenant: string, { n, hash }: ChainEnd) =>
  tx.run(sql`
    insert into audit.chains (tenant, n, hash) values (${tenant}, ${n}, ${hash})
    on conflict (tenant) do update set n = excluded.n, hash = excluded.hash`)

/** Tenants whose last head the platform's last head does not list. */
export async function chains_unlisted(tx: Tx): Promise<readonly { tenant: string; n: number; hash: string }[]> {
  const rows = await tx.rows<{ tenant: string; n: bigint; hash: string }>(
    sql`select tenant, n, hash from audit.chains where listed_n is distinct from n order by tenant`,
  )
  return rows.map((row) => ({ ...row, n: Number(row.n) }))
}

export const chains_list_all = (tx: Tx) =>
  tx.run(sql`update audit.chains set listed_n = n, listed_hash = hash where listed_n is distinct from n`)

/** What the platform's last head lists, by tenant. */
export async function listed_page(tx: Tx, after: string, limit: number) {
  const rows = await tx.rows<{ tenant: string; n: bigint; hash: string }>(sql`
    select tenant, listed_n as n, listed_hash as hash from audit.chains
    where listed_n is not null and tenant > ${after} order by tenant limit ${limit}::integer`)
  return rows.map((row) => ({ ...row, n: Number(row.n) }))
}

export const heads_unpublished = (tx: Tx, limit: number) =>
  tx.rows<{ chain: string; n: bigint; hash: string; jws: string }>(sql`
    select chain, n, hash, jws from audit.heads where not published order by at, chain, n limit ${limit}::integer`)

export const heads_set_published = (tx: Tx, heads: readonly { chain: string; n: bigint }[]) =>
  tx.run(sql`
    update audit.heads as h set published = true
    from unnest(${heads.map(({ chain }) => chain)}::text[], ${heads.map(({ n }) => n)}::bigint[]) as p (chain, n)
    where h.chain = p.chain and h.n = p.n`)
