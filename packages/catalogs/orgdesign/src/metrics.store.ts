import { sql, type Tx } from '@gatehouse/database'
import { inPlane, type Plane } from './plane.ts'
import { given } from './units.store.ts'

export interface MetricRow {
  readonly id: string
  readonly unit_id: string
  readonly unit_name: string
  readonly name: string
  /** First day of the quarter, `2026-01-01`. */
  readonly period: string
  readonly value: number
  readonly target: number | null
  readonly measure: string
}

export type PeriodKey = readonly [period: string, id: string]

export interface MetricPage {
  readonly unitId?: string | undefined
  readonly name?: string | undefined
  readonly after?: PeriodKey | undefined
  readonly atMost: number
}

/** The newest first. */
export function metric_list(tx: Tx, plane: Plane, { unitId, name, after, atMost }: MetricPage): Promise<MetricRow[]> {
  return tx.rows<MetricRow>(sql`
    select r.id, r.unit_id, u.name as unit_name, r.name, r.period::text as period, r.value::float8 as value,
      r.target::float8 as target, r.measure
    from orgdesign.metrics r
    join orgdesign.units u on u.tenant_id = r.tenant_id and u.plane = r.plane and u.id = r.unit_id
    where ${inPlane(plane)}
      ${given(unitId, (id) => sql`and r.unit_id = ${id}`)}
      ${given(name, (one) => sql`and r.name = ${one}`)}
      ${given(after, ([period, id]) => sql`and (r.period, r.id) < (${period}::date, ${id})`)}
    order by r.period desc, r.id desc limit ${atMost}`)
}

export interface HeadsRow {
  readonly placements: number
  readonly vacant: number
  readonly fte: number
}

/** Placements of one unit itself. */
export function placement_count_of_unit(tx: Tx, plane: Plane, unitId: string): Promise<HeadsRow> {
  return tx.one<HeadsRow>(sql`
    select count(*)::int as placements, count(*) filter (where r.person is null)::int as vacant,
      coalesce(sum(r.fte), 0)::float8 as fte
    from orgdesign.placements r where ${inPlane(plane)} and r.unit_id = ${unitId}`)
}
