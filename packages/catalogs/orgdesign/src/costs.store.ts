import { sql, type Tx } from '@gatehouse/database'
import { inPlane, type Plane } from './plane.ts'
import { given } from './units.store.ts'
import { type CostCategory, MOST_LAYERS } from './vocabulary.ts'

export interface CostRow {
  readonly id: string
  readonly unit_id: string
  readonly unit_name: string
  readonly category: CostCategory
  readonly label: string
  readonly annual_amount: number
  readonly currency: string
}

/** The amount as text: it has more digits than a number keeps. */
export type AmountKey = readonly [amount: string, id: string]

export interface CostPage {
  readonly unitId?: string | undefined
  readonly category?: CostCategory | undefined
  readonly after?: AmountKey | undefined
  readonly atMost: number
}

const SELECT = sql`
    select r.id, r.unit_id, u.name as unit_name, r.category, r.label, r.annual_amount::float8 as annual_amount, r.currency,
      r.annual_amount::text as amount_key
    from orgdesign.costs r
    join orgdesign.units u on u.tenant_id = r.tenant_id and u.plane = r.plane and u.id = r.unit_id`

/** The largest first. */
export function cost_list(
  tx: Tx,
  plane: Plane,
  page: CostPage,
): Promise<(CostRow & { readonly amount_key: string })[]> {
  const { unitId, category, after } = page
  return tx.rows(sql`${SELECT}
    where ${inPlane(plane)}
      ${given(unitId, (id) => sql`and r.unit_id = ${id}`)}
      ${given(category, (one) => sql`and r.category = ${one}`)}
      ${given(after, ([amount, id]) => sql`and (r.annual_amount, r.id) < (${amount}::numeric, ${id})`)}
    order by r.annual_amount desc, r.id desc limit ${page.atMost}`)
}

export function cost_get(tx: Tx, plane: Plane, id: string): Promise<CostRow | undefined> {
  return tx.maybe<CostRow>(sql`${SELECT} where ${inPlane(plane)} and r.id = ${id}`)
}

export interface CostSumRow {
  readonly category: CostCategory
  readonly currency: string
  readonly items: number
  readonly annual_amount: number
}

/** Sums of a unit and of all that are below it. */
export function cost_sum_below(tx: Tx, plane: Plane, unitId: string): Promise<CostSumRow[]> {
  return tx.rows<CostSumRow>(sql`
    with recursive below as (
      select r.id, 0 as layer from orgdesign.units r where ${inPlane(plane)} and r.id = ${unitId}
      union all
      select r.id, b.layer + 1
      from below b join orgdesign.units r on ${inPlane(plane)} and r.parent_id = b.id
      where b.layer < ${MOST_LAYERS}::int
    )
    select r.category, r.currency, count(*)::int as items, sum(r.annual_amount)::float8 as annual_amount
    from below b
    cross join lateral (
      select r.category, r.currency, r.annual_amount from orgdesign.costs r where ${inPlane(plane)} and r.unit_id = b.id
      -- Unit by unit: how many lie below one is not known beforehand, and the planner would rather read all costs.
      offset 0
    ) r
    group by r.category, r.currency order by annual_amount desc, r.category`)
}

export function cost_update(tx: Tx, scenarioId: string, id: string, amount: number, now: Date): Promise<number> {
  return tx.run(sql`
    update orgdesign.costs r set annual_amount = ${amount}::numeric, drafted_at = ${now}
    where ${inPlane(scenarioId)} and r.id = ${id}`)
}
