import { sql, type Tx } from '@gatehouse/database'
import { inPlane, type Plane } from './plane.ts'
import { given, type NameKey } from './units.store.ts'

export interface PlacementRow {
  readonly id: string
  readonly unit_id: string
  readonly unit_name: string
  readonly team_id: string | null
  readonly team_name: string | null
  readonly title: string
  readonly person: string | null
  readonly employment: 'employee' | 'contractor'
  readonly fte: number
}

export interface PlacementPage {
  readonly unitId?: string | undefined
  readonly teamId?: string | undefined
  readonly vacant?: boolean | undefined
  readonly after?: NameKey | undefined
  readonly atMost: number
}

const SELECT = sql`
    select r.id, r.unit_id, u.name as unit_name, r.team_id, t.name as team_name, r.title, r.person, r.employment,
      r.fte::float8 as fte
    from orgdesign.placements r
    join orgdesign.units u on u.tenant_id = r.tenant_id and u.plane = r.plane and u.id = r.unit_id
    left join orgdesign.teams t on t.tenant_id = r.tenant_id and t.plane = r.plane and t.id = r.team_id`

/** By title. */
export function placement_list(tx: Tx, plane: Plane, page: PlacementPage): Promise<PlacementRow[]> {
  const { unitId, teamId, vacant, after } = page
  return tx.rows<PlacementRow>(sql`${SELECT}
    where ${inPlane(plane)}
      ${given(unitId, (id) => sql`and r.unit_id = ${id}`)}
      ${given(teamId, (id) => sql`and r.team_id = ${id}`)}
      ${given(vacant, (yes) => (yes ? sql`and r.person is null` : sql`and r.person is not null`))}
      ${given(after, ([title, id]) => sql`and (r.title, r.id) > (${title}, ${id})`)}
    order by r.title, r.id limit ${page.atMost}`)
}

export function placement_get(tx: Tx, plane: Plane, id: string): Promise<PlacementRow | undefined> {
  return tx.maybe<PlacementRow>(sql`${SELECT} where ${inPlane(plane)} and r.id = ${id}`)
}

export function placement_update(
  tx: Tx,
  scenarioId: string,
  id: string,
  to: { readonly unitId: string; readonly teamId: string | null; readonly fte: number },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    update orgdesign.placements r
    set unit_id = ${to.unitId}, team_id = ${to.teamId}, fte = ${to.fte}::numeric, drafted_at = ${now}
    where ${inPlane(scenarioId)} and r.id = ${id}`)
}
