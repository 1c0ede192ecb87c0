import { sql, type Tx } from '@gatehouse/database'
import { every, when } from './where.ts'

export interface IndicatorRow {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly direction: 'lower_is_better' | 'higher_is_better'
  readonly aggregation: 'sum' | 'average'
  readonly target: number | null
  readonly target_year: number | null
}

export const granularities = ['month', 'quarter', 'year'] as const
export type Granularity = (typeof granularities)[number]

export interface PointRow {
  readonly period: string
  readonly value: number
}

const columns = sql`id, code, name, description, unit, direction, aggregation, target::float8 as target, target_year`

/** By code. */
export function listIndicators(
  tx: Tx,
  of: { readonly after?: string | undefined; readonly atMost: number },
): Promise<IndicatorRow[]> {
  return tx.rows<IndicatorRow>(sql`
    select ${columns} from sustainability.kpi_indicators
    where ${every(when(of.after, (after) => sql`code > ${after}`))}
    order by code limit ${of.atMost}`)
}

export function findIndicator(tx: Tx, id: string): Promise<IndicatorRow | undefined> {
  return tx.maybe<IndicatorRow>(sql`select ${columns} from sustainability.kpi_indicators where id = ${id}`)
}

/** `2026-03`, `2026-Q1`, `2026` */
const LABELS: Readonly<Record<Granularity, string>> = { month: 'YYYY-MM', quarter: 'YYYY-"Q"Q', year: 'YYYY' }

/**
 * Values of a site, or of the whole organisation, from one month to another, both included, oldest first.
 * @param from first day of a month
 */
export function listPoints(
  tx: Tx,
  indicator: Pick<IndicatorRow, 'id' | 'aggregation'>,
  of: {
    readonly siteId: string | null
    readonly from: string
    readonly to: string
    readonly granularity: Granularity
  },
): Promise<PointRow[]> {
  const site = of.siteId === null ? sql`site_id is null` : sql`site_id = ${of.siteId}`
  const value = indicator.aggregation === 'sum' ? sql`sum(value)` : sql`avg(value)`
  return tx.rows<PointRow>(sql`
    select to_char(month, ${LABELS[of.granularity]}) as period, round(${value}, 6)::float8 as value
    from sustainability.kpi_points
    where indicator_id = ${indicator.id} and ${site} and month between ${of.from}::date and ${of.to}::date
    group by 1 order by 1`)
}
