import type { Tx } from '@gatehouse/database'
import type { Plane } from './plane.ts'
import { toUnit } from './shapes.ts'
import { unit_list_below } from './units.store.ts'
import { isId } from './vocabulary.ts'

/** As many as a model can use in one answer. */
const SHOWN = 300

/** `undefined` for a unit that is not there; without a unit it begins at the top. */
export async function unitTree(tx: Tx, plane: Plane, id: string | undefined, layers: number) {
  if (id !== undefined && !isId(id)) return undefined
  const rows = await unit_list_below(tx, plane, { id, layers, atMost: SHOWN + 1 })
  if (id !== undefined && rows.length === 0) return undefined
  const units = rows.slice(0, SHOWN).map((row) => ({ ...toUnit(row), layer: row.layer }))
  return { units, more: rows.length > SHOWN }
}
