import { sql, type Tx } from '@gatehouse/database'
import { inPlane, type Plane } from './plane.ts'
import { given, type NameKey } from './units.store.ts'

export interface TeamRow {
  readonly id: string
  readonly unit_id: string
  readonly unit_name: string
  readonly name: string
  readonly kind: string
  readonly purpose: string
}

export interface TeamPage {
  readonly unitId?: string | undefined
  readonly after?: NameKey | undefined
  readonly atMost: number
}

const SELECT = sql`
    select r.id, r.unit_id, u.name as unit_name, r.name, r.kind, r.purpose
    from orgdesign.teams r
    join orgdesign.units u on u.tenant_id = r.tenant_id and u.plane = r.plane and u.id = r.unit_id`

/** By name. */
export function team_list(tx: Tx, plane: Plane, { unitId, after, atMost }: TeamPage): Promise<TeamRow[]> {
  return tx.rows<TeamRow>(sql`${SELECT}
    where ${inPlane(plane)}
      ${given(unitId, (id) => sql`and r.unit_id = ${id}`)}
      ${given(after, ([name, id]) => sql`and (r.name, r.id) > (${name}, ${id})`)}
    order by r.name, r.id limit ${atMost}`)
}

export function team_get(tx: Tx, plane: Plane, id: string): Promise<TeamRow | undefined> {
  return tx.maybe<TeamRow>(sql`${SELECT} where ${inPlane(plane)} and r.id = ${id}`)
}
