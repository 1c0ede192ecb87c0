import { sql, type Tx } from '@gatehouse/database'
import { emissions } from './activities.store.ts'
import { every, when } from './where.ts'

/** Activities by their ids, or those of a dataset in a range of days. */
export interface Range {
  readonly activityIds?: readonly string[] | undefined
  readonly datasetId?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export interface Recalculated {
  /** How many were looked at; fewer than asked for: there are no more. */
  readonly looked: number
  readonly changed: number
  /** Without a factor, or in a unit that does not fit it. */
  readonly skipped: number
  /** Kilograms of all that were looked at, before and after. */
  readonly before: number
  readonly after: number
  /** Where the next part starts. */
  readonly last: readonly [string, string] | null
}

const inRange = ({ activityIds, datasetId, from, to }: Range) =>
  every(
    when(activityIds, (ids) => sql`a.id = any(${ids}::text[])`),
    when(datasetId, (id) => sql`a.dataset_id = ${id}`),
    when(from, (day) => sql`a.occurred_on >= ${day}::date`),
    when(to, (day) => sql`a.occurred_on <= ${day}::date`),
  )

/** How many there are, counted up to a limit. */
export async function countRange(tx: Tx, range: Range, atMost: number): Promise<number> {
  const { count } = await tx.one<{ count: number }>(sql`
    select count(*)::int as count
    from (select from sustainability.activities a where ${inRange(range)} limit ${atMost}) as there`)
  return count
}

/**
 * Calculates a part of a range anew, by the factor that each activity has, as that is now, or by another one for all. The rows are held in
 * one order, so that two who recalculate wait for each other; a row that comes out as it was is not written.
 */
export function recalculatePart(
  tx: Tx,
  range: Range,
  of: {
    readonly factorId?: string | undefined
    readonly after: readonly [string, string] | null
    readonly atMost: number
    readonly now: Date
  },
): Promise<Recalculated> {
  const { after, factorId, now } = of
  const factor = factorId === undefined ? sql`a.factor_id` : sql`${factorId}`
  return tx.one<Recalculated>(sql`
    with part as materialized (
      select a.id, a.occurred_on, a.quantity, a.unit, a.factor_id, a.factor_kg_co2e, a.co2e_kg
      from sustainability.activities a
      where ${inRange(range)} and ${after === null ? sql`true` : sql`(a.occurred_on, a.id) < (${after[0]}::date, ${after[1]})`}
      order by a.occurred_on desc, a.id desc limit ${of.atMost}
      for update
    ), judged as (
      select a.*, f.id as new_factor, f.kg_co2e as new_kg,
        ${emissions(sql`a.quantity`, sql`a.unit`, sql`f.unit`, sql`f.kg_co2e`)} as new_co2e
      from part a left join sustainability.emission_factors f
        on f.id = ${factor} and sustainability.unit_dimension(f.unit) = sustainability.unit_dimension(a.unit)
    ), written as (
      update sustainability.activities a
      set factor_id = j.new_factor, factor_kg_co2e = j.new_kg, co2e_kg = j.new_co2e, calculated_at = ${now}::timestamptz,
        updated_at = greatest(a.updated_at, ${now})
      from judged j
      where a.id = j.id and j.new_factor is not null
        and (j.factor_id, j.factor_kg_co2e, j.co2e_kg) is distinct from (j.new_factor, j.new_kg, j.new_co2e)
      returning a.id
    )
    select count(*)::int as looked, (select count(*)::int from written) as changed,
      (count(*) filter (where new_factor is null))::int as skipped,
      coalesce(sum(co2e_kg), 0)::float8 as before, coalesce(sum(coalesce(new_co2e, co2e_kg)), 0)::float8 as after,
      (select array[p.occurred_on::text, p.id] from part p order by p.occurred_on, p.id limit 1) as last
    from judged`)
}
