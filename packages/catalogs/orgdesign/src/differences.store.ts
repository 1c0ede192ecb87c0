import { sql, type Tx } from '@gatehouse/database'
import { given } from './units.store.ts'

/** A row of a scenario that is not as the baseline has it. */
export interface DifferenceRow {
  readonly kind: 'unit' | 'placement' | 'cost'
  readonly id: string
  readonly name: string
  /** Null where the baseline has none. */
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>>
  /** To the microsecond, for cursors. */
  readonly at: string
}

export type DifferenceKey = readonly [at: string, kind: string, id: string]

/**
 * What was drafted in a scenario, in the order of drafting, beside what the baseline has now. Costs are among it where `costs` says so.
 * Each branch goes by its own index of drafted rows, so the size of the copy does not count.
 */
export function difference_list(
  tx: Tx,
  scenarioId: string,
  page: { readonly costs: boolean; readonly after?: DifferenceKey | undefined; readonly atMost: number },
): Promise<DifferenceRow[]> {
  const { costs, after, atMost } = page
  const from = given(
    after,
    ([at, kind, id]) => sql`and (d.drafted_at, d.kind, d.id) > (${at}::timestamptz, ${kind}, ${id})`,
  )
  const since = given(after, ([at]) => sql`and r.drafted_at >= ${at}::timestamptz`)
  return tx.rows<DifferenceRow>(sql`
    select d.kind, d.id, d.name, d.before, d.after, to_char(d.drafted_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
    from (
      select 'unit' as kind, r.id, r.name, r.drafted_at,
        case when b.id is not null then
          jsonb_build_object('name', b.name, 'parent_id', b.parent_id, 'kind', b.kind, 'status', b.status) end as before,
        jsonb_build_object('name', r.name, 'parent_id', r.parent_id, 'kind', r.kind, 'status', r.status) as after
      from orgdesign.units r
      left join orgdesign.units b on b.tenant_id = r.tenant_id and b.plane = '' and b.id = r.id
      where r.plane = ${scenarioId} and r.drafted_at is not null ${since}
      union all
      select 'placement', r.id, r.title, r.drafted_at,
        case when b.id is not null then jsonb_build_object('unit_id', b.unit_id, 'team_id', b.team_id, 'fte', b.fte) end,
        jsonb_build_object('unit_id', r.unit_id, 'team_id', r.team_id, 'fte', r.fte)
      from orgdesign.placements r
      left join orgdesign.placements b on b.tenant_id = r.tenant_id and b.plane = '' and b.id = r.id
      where r.plane = ${scenarioId} and r.drafted_at is not null ${since}
      union all
      select 'cost', r.id, r.label, r.drafted_at,
        case when b.id is not null then
          jsonb_build_object('unit_id', b.unit_id, 'annual_amount', b.annual_amount, 'currency', b.currency) end,
        jsonb_build_object('unit_id', r.unit_id, 'annual_amount', r.annual_amount, 'currency', r.currency)
      from orgdesign.costs r
      left join orgdesign.costs b on b.tenant_id = r.tenant_id and b.plane = '' and b.id = r.id
      where ${costs}::boolean and r.plane = ${scenarioId} and r.drafted_at is not null ${since}
    ) d
    where true ${from}
    order by d.drafted_at, d.kind, d.id limit ${atMost}`)
}
