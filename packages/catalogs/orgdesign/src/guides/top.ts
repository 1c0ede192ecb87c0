import type { Tx } from '@gatehouse/database'
import type { Plane } from '../plane.ts'
import { unit_list_below } from '../units.store.ts'

/** The top of the organisation; `undefined` where it has no unit yet. */
export async function topUnit(
  tx: Tx,
  plane: Plane,
): Promise<{ readonly id: string; readonly name: string } | undefined> {
  const [top] = await unit_list_below(tx, plane, { id: undefined, layers: 0, atMost: 1 })
  return top
}
