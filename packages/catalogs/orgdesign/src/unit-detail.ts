import type { Tx } from '@gatehouse/database'
import { placement_count_of_unit } from './metrics.store.ts'
import type { Plane } from './plane.ts'
import { toUnit } from './shapes.ts'
import { unit_count_below, unit_get, unit_list_above } from './units.store.ts'
import { isId } from './vocabulary.ts'

/** A unit with what is around it; `undefined` where it is not there. Staffing only for who may see placements. */
export async function unitDetail(tx: Tx, plane: Plane, id: string, staffed: boolean) {
  const unit = isId(id) ? await unit_get(tx, plane, id) : undefined
  if (unit === undefined) return undefined
  const line = await unit_list_above(tx, plane, id)
  const below = await unit_count_below(tx, plane, id)
  return {
    ...toUnit(unit),
    purpose: unit.purpose,
    line: line.filter((above) => above.id !== id).map((above) => ({ id: above.id, name: above.name })),
    units_below: below.units,
    teams: below.teams,
    staffing: staffed ? await placement_count_of_unit(tx, plane, id) : null,
  }
}
