import { sql, type Tx } from '@gatehouse/database'

export interface Month {
  readonly class: string
  /** `2026-03` */
  readonly month: string
}

export interface Retention {
  readonly class: string
  /** Whole months after the one of the event; `null` = for ever. */
  readonly months: number | null
}

export const retention_list = (tx: Tx) =>
  tx.rows<Retention>(sql`select class, months from audit.retention order by class`)

/** @returns 0 when there is no such class */
export const retention_set = (tx: Tx, kind: string, months: number | null) =>
  tx.run(sql`update audit.retention set months = ${months}::integer where class = ${kind}`)

export const month_add = (tx: Tx, kind: string, month: string) =>
  tx.run(sql`select audit.add_month(${kind}, ${`${month}-01`}::date)`)

/** Months whose time is over and of which something is there. The database's clock decides, here as when it drops. */
export const due_months = (tx: Tx) =>
  tx.rows<Month>(sql`
    select distinct s.class, s.month from audit.segments as s join audit.retention as r using (class)
    where s.dropped_through < s.count and r.months is not null
      and (s.month || '-01')::date + make_interval(months => r.months + 1) <= now() at time zone 'UTC'
    order by s.class, s.month`)

export const segment_tenants = async (tx: Tx, { class: kind, month }: Month): Promise<readonly string[]> =>
  (
    await tx.rows<{ tenant: string }>(
      sql`select tenant from audit.segments where class = ${kind} and month = ${month} order by tenant`,
    )
  ).map(({ tenant }) => tenant)

/** @throws SqlError 55006 while some of its rows are not sealed, 55000 when its time is not over */
export const month_drop = (tx: Tx, { class: kind, month }: Month) =>
  tx.run(sql`select audit.drop_month(${kind}, ${`${month}-01`}::date)`)
