import { type Sql, sql, type Tx } from '@gatehouse/database'
import { inPlane, type Plane } from './plane.ts'
import { MOST_LAYERS, type UnitKind, type UnitStatus } from './vocabulary.ts'

export interface UnitRow {
  readonly id: string
  readonly parent_id: string | null
  readonly name: string
  readonly kind: UnitKind
  readonly status: UnitStatus
  readonly lead: string | null
}

export interface UnitDetailRow extends UnitRow {
  readonly purpose: string
}

const FACTS = sql`r.id, r.parent_id, r.name, r.kind, r.status, r.lead`

export function unit_get(tx: Tx, plane: Plane, id: string): Promise<UnitDetailRow | undefined> {
  return tx.maybe<UnitDetailRow>(sql`
    select ${FACTS}, r.purpose from orgdesign.units r where ${inPlane(plane)} and r.id = ${id}`)
}

export type NameKey = readonly [name: string, id: string]

export interface UnitPage {
  readonly parentId?: string | undefined
  readonly kind?: UnitKind | undefined
  readonly status?: UnitStatus | undefined
  readonly after?: NameKey | undefined
  readonly atMost: number
}

/** By name. Filters that are not given are not in the statement, so that each form has a plan of its own. */
export function unit_list(tx: Tx, plane: Plane, page: UnitPage): Promise<UnitRow[]> {
  const { parentId, kind, status, after } = page
  return tx.rows<UnitRow>(sql`
    select ${FACTS} from orgdesign.units r
    where ${inPlane(plane)}
      ${given(parentId, (id) => sql`and r.parent_id = ${id}`)}
      ${given(kind, (one) => sql`and r.kind = ${one}`)}
      ${given(status, (one) => sql`and r.status = ${one}`)}
      ${given(after, ([name, id]) => sql`and (r.name, r.id) > (${name}, ${id})`)}
    order by r.name, r.id limit ${page.atMost}`)
}

/** A part of a statement that is there only with its value. */
export const given = <T>(value: T | undefined, part: (value: T) => Sql): Sql =>
  value === undefined ? sql`` : part(value)

export interface LayeredUnitRow extends UnitRow {
  readonly layer: number
}

/** The unit and those above it, the top first. */
export function unit_list_above(tx: Tx, plane: Plane, id: string): Promise<LayeredUnitRow[]> {
  return tx.rows<LayeredUnitRow>(sql`
    with recursive above as (
      select ${FACTS}, 0 as layer from orgdesign.units r where ${inPlane(plane)} and r.id = ${id}
      union all
      select ${FACTS}, a.layer + 1
      from above a join orgdesign.units r on ${inPlane(plane)} and r.id = a.parent_id
      where a.layer < ${MOST_LAYERS}::int
    )
    select id, parent_id, name, kind, status, lead, layer from above order by layer desc`)
}

/** The unit (or every top unit) and active ones below it, layer by layer; `atMost` rows. */
export function unit_list_below(
  tx: Tx,
  plane: Plane,
  from: { readonly id: string | undefined; readonly layers: number; readonly atMost: number },
): Promise<LayeredUnitRow[]> {
  const top = from.id === undefined ? sql`r.parent_id is null` : sql`r.id = ${from.id}`
  return tx.rows<LayeredUnitRow>(sql`
    with recursive below as (
      select ${FACTS}, 0 as layer from orgdesign.units r where ${inPlane(plane)} and ${top}
      union all
      select ${FACTS}, b.layer + 1
      from below b join orgdesign.units r on ${inPlane(plane)} and r.parent_id = b.id and r.status = 'active'
      where b.layer < ${from.layers}::int
    )
    select id, parent_id, name, kind, status, lead, layer from below order by layer, name, id limit ${from.atMost}`)
}

export interface UnitCountsRow {
  readonly units: number
  readonly teams: number
  readonly placements: number
  readonly costs: number
}

/** What hangs on a unit directly; closed units do not count. */
export function unit_count_below(tx: Tx, plane: Plane, id: string): Promise<UnitCountsRow> {
  return tx.one<UnitCountsRow>(sql`
    select
      (select count(*)::int from orgdesign.units r where ${inPlane(plane)} and r.parent_id = ${id} and r.status = 'active') as units,
      (select count(*)::int from orgdesign.teams r where ${inPlane(plane)} and r.unit_id = ${id}) as teams,
      (select count(*)::int from orgdesign.placements r where ${inPlane(plane)} and r.unit_id = ${id}) as placements,
      (select count(*)::int from orgdesign.costs r where ${inPlane(plane)} and r.unit_id = ${id}) as costs`)
}

/** Layers that the unit and what is below it make: 1 for a leaf. */
export async function unit_count_layers(tx: Tx, plane: Plane, id: string): Promise<number> {
  const { layers } = await tx.one<{ layers: number }>(sql`
    with recursive below as (
      select r.id, 1 as layer from orgdesign.units r where ${inPlane(plane)} and r.id = ${id}
      union all
      select r.id, b.layer + 1
      from below b join orgdesign.units r on ${inPlane(plane)} and r.parent_id = b.id
      where b.layer <= ${MOST_LAYERS}::int
    )
    select coalesce(max(layer), 0)::int as layers from below`)
  return layers
}

export async function unit_has_child_named(tx: Tx, plane: Plane, parentId: string, name: string): Promise<boolean> {
  const { found } = await tx.one<{ found: boolean }>(sql`
    select exists (
      select from orgdesign.units r
      where ${inPlane(plane)} and r.parent_id = ${parentId} and r.name = ${name} and r.status = 'active') as found`)
  return found
}

export function unit_insert(
  tx: Tx,
  scenarioId: string,
  unit: {
    readonly id: string
    readonly parentId: string
    readonly name: string
    readonly kind: UnitKind
    readonly purpose: string
  },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    insert into orgdesign.units (scenario_id, id, parent_id, name, kind, status, purpose, drafted_at)
    values (${scenarioId}, ${unit.id}, ${unit.parentId}, ${unit.name}, ${unit.kind}, 'active', ${unit.purpose}, ${now})`)
}

export function unit_update(
  tx: Tx,
  scenarioId: string,
  id: string,
  to: { readonly parentId: string | null; readonly status: UnitStatus },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    update orgdesign.units r set parent_id = ${to.parentId}, status = ${to.status}, drafted_at = ${now}
    where ${inPlane(scenarioId)} and r.id = ${id}`)
}
