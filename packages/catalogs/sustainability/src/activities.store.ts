import { type Sql, sql, type Tx } from '@gatehouse/database'
import type { Unit } from './vocabulary.ts'
import { every, when } from './where.ts'

export interface ActivityRow {
  readonly id: string
  readonly dataset_id: string
  readonly site_id: string
  readonly occurred_on: string
  readonly description: string
  readonly quantity: number
  readonly unit: Unit
  readonly factor_id: string | null
  /** Value of the factor when the emissions were calculated. */
  readonly factor_kg_co2e: number | null
  /** Null as long as there is no factor. */
  readonly co2e_kg: number | null
}

/** What a person says of an activity. */
export interface ActivityFacts {
  readonly siteId: string
  readonly date: string
  readonly description: string
  readonly quantity: number
  readonly unit: Unit
  readonly factorId: string | null
}

const columns = sql`a.id, a.dataset_id, a.site_id, a.occurred_on::text, a.description, a.quantity::float8 as quantity, a.unit,
  a.factor_id, a.factor_kg_co2e::float8 as factor_kg_co2e, a.co2e_kg::float8 as co2e_kg`

/** Kilograms that a quantity in one unit comes to by a factor per another; decimal arithmetic, six digits after the point. */
export const emissions = (quantity: Sql, unit: Sql, factorUnit: Sql, factor: Sql): Sql =>
  sql`round(${quantity} * sustainability.unit_scale(${unit}) / sustainability.unit_scale(${factorUnit}) * ${factor}, 6)`

/** Latest first. */
export function listActivities(
  tx: Tx,
  of: {
    readonly datasetId?: string | undefined
    readonly siteId?: string | undefined
    readonly from?: string | undefined
    readonly to?: string | undefined
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
): Promise<ActivityRow[]> {
  return tx.rows<ActivityRow>(sql`
    select ${columns} from sustainability.activities a
    where ${every(
      when(of.datasetId, (datasetId) => sql`a.dataset_id = ${datasetId}`),
      when(of.siteId, (siteId) => sql`a.site_id = ${siteId}`),
      when(of.from, (from) => sql`a.occurred_on >= ${from}::date`),
      when(of.to, (to) => sql`a.occurred_on <= ${to}::date`),
      when(of.after, ([on, id]) => sql`(a.occurred_on, a.id) < (${on}::date, ${id})`),
    )}
    order by a.occurred_on desc, a.id desc limit ${of.atMost}`)
}

/** Holds the row until the transaction ends, so that what changes is judged against what stays. */
export function lockActivity(tx: Tx, id: string): Promise<ActivityRow | undefined> {
  return tx.maybe<ActivityRow>(sql`select ${columns} from sustainability.activities a where a.id = ${id} for update`)
}

/** The emissions are calculated by the factor as it is now. */
export function insertActivity(
  tx: Tx,
  id: string,
  of: ActivityFacts & { readonly datasetId: string; readonly by: string },
  now: Date,
): Promise<ActivityRow> {
  return tx.one<ActivityRow>(sql`
    with given as (select ${of.quantity}::numeric as quantity, ${of.unit}::text as unit)
    insert into sustainability.activities as a (id, dataset_id, site_id, occurred_on, description, quantity, unit,
      factor_id, factor_kg_co2e, co2e_kg, calculated_at, created_by, created_at, updated_at)
    select ${id}, ${of.datasetId}, ${of.siteId}, ${of.date}::date, ${of.description}, given.quantity, given.unit,
      f.id, f.kg_co2e, ${emissions(sql`given.quantity`, sql`given.unit`, sql`f.unit`, sql`f.kg_co2e`)},
      case when f.id is null then null else ${now}::timestamptz end, ${of.by}, ${now}, ${now}
    from given left join sustainability.emission_factors f on f.id = ${of.factorId}
    returning ${columns}`)
}

/** One that this transaction holds, with its emissions calculated anew. */
export function updateActivity(tx: Tx, id: string, to: ActivityFacts, now: Date): Promise<ActivityRow> {
  return tx.one<ActivityRow>(sql`
    with given as (
      select g.quantity, g.unit, f.id as factor_id, f.kg_co2e,
        ${emissions(sql`g.quantity`, sql`g.unit`, sql`f.unit`, sql`f.kg_co2e`)} as co2e_kg
      from (select ${to.quantity}::numeric as quantity, ${to.unit}::text as unit) g
      left join sustainability.emission_factors f on f.id = ${to.factorId}
    )
    update sustainability.activities a
    set site_id = ${to.siteId}, occurred_on = ${to.date}::date, description = ${to.description},
      quantity = given.quantity, unit = given.unit, factor_id = given.factor_id, factor_kg_co2e = given.kg_co2e,
      co2e_kg = given.co2e_kg, calculated_at = case when given.factor_id is null then null else ${now}::timestamptz end,
      updated_at = greatest(a.updated_at, ${now})
    from given where a.id = ${id}
    returning ${columns}`)
}

/** Does a quantity in this unit fit a factor per that one? */
export async function converts(tx: Tx, unit: string, factorUnit: string): Promise<boolean> {
  const { fits } = await tx.one<{ fits: boolean }>(sql`
    select sustainability.unit_dimension(${unit}) = sustainability.unit_dimension(${factorUnit}) as fits`)
  return fits
}
