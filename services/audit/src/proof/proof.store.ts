import { sql, type Tx } from '@gatehouse/database'
import { PLATFORM_CHAIN, tenantChain } from '../seal/seal.store.ts'
import { eventColumns, type StoredRow } from '../stored-event.ts'

export const platform_head = (tx: Tx) =>
  tx.maybe<{ jws: string }>(sql`select jws from audit.heads where chain = ${PLATFORM_CHAIN} order by n desc limit 1`)

/** The last head of a tenant, and the one of that number. */
export const tenant_heads = (tx: Tx, tenant: string, listed: number) =>
  tx.rows<{ jws: string }>(sql`
    select jws from audit.heads where chain = ${tenantChain(tenant)}
      and (n = ${listed} or n = (select max(n) from audit.heads where chain = ${tenantChain(tenant)}))
    order by n`)

/** Every tenant of which anything is there, listed or not. */
export const known_tenants = async (tx: Tx, after: string, limit: number): Promise<readonly string[]> =>
  (
    await tx.rows<{ tenant: string }>(sql`
      select tenant from (
        select tenant from audit.chains union select tenant from audit.segments
      ) as known where tenant > ${after} order by tenant limit ${limit}::integer`)
  ).map(({ tenant }) => tenant)

export interface RowPosition {
  readonly seq: bigint
  readonly id: string
}

export interface SegmentPage {
  readonly tenant: string
  readonly class: string
  /** `2026-03` */
  readonly month: string
  /** No rows beyond: those came later. */
  readonly count: number
}

export const segment_rows = (tx: Tx, of: SegmentPage, after: RowPosition, limit: number) =>
  tx.rows<StoredRow & { seq: bigint; hash: string | null }>(sql`
    select ${eventColumns} from audit.events as e
    where e.tenant = ${of.tenant} and e.class = ${of.class} and e.seq <= ${of.count}
      and e.time >= (${`${of.month}-01`}::date::timestamp at time zone 'UTC')
      and e.time < ((${`${of.month}-01`}::date + interval '1 month') at time zone 'UTC')
      and (e.seq, e.id) > (${after.seq}::bigint, ${after.id}::uuid)
    order by e.seq, e.id limit ${limit}::integer`)

/** Up to which number the rows of a segment were dropped by now; 0 also when there is no such segment any more. */
export async function segment_dropped(tx: Tx, of: SegmentPage): Promise<number> {
  const row = await tx.maybe<{ through: bigint }>(sql`
    select dropped_through as through from audit.segments
    where tenant = ${of.tenant} and class = ${of.class} and month = ${of.month}`)
  return Number(row?.through ?? 0)
}

/** Rows whose number no segment has. One statement, so that what is being sealed at this moment is not among them. */
export const stray_rows = (tx: Tx, tenant: string | undefined, limit: number) =>
  tx.rows<StoredRow & { seq: bigint }>(sql`
    select ${eventColumns} from audit.events as e
    left join audit.segments as s on s.tenant = e.tenant and s.class = e.class
      and s.month = to_char(e.time at time zone 'UTC', 'YYYY-MM')
    where e.seq is not null and ${tenant === undefined ? sql`true` : sql`e.tenant = ${tenant}`}
      and (s.tenant is null or e.seq > s.count or e.seq <= s.dropped_through)
    order by e.tenant, e.seq limit ${limit}::integer`)

export const unsealed_count = async (tx: Tx, tenant: string | undefined): Promise<number> => {
  const { n } = await tx.one<{ n: bigint }>(sql`
    select count(*) as n from audit.events
    where seq is null and ${tenant === undefined ? sql`true` : sql`tenant = ${tenant}`}`)
  return Number(n)
}
