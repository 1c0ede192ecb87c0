import { z } from 'zod'
import { refusedChange, unknownUnit } from '../failures.ts'
import {
  type LayeredUnitRow,
  type UnitRow,
  unit_count_layers,
  unit_get,
  unit_list_above,
  unit_update,
} from '../units.store.ts'
import { isId, MOST_LAYERS } from '../vocabulary.ts'
import { defineAction } from './action.ts'

interface Facts {
  readonly unit: UnitRow | undefined
  /** The new parent and what is above it, the top first. */
  readonly line: readonly LayeredUnitRow[]
  /** That the unit and what is below it make. */
  readonly layers: number
}

export const moveUnit = defineAction({
  ability: 'org-units.write',
  needed: ['unit_id', 'parent_id'],
  schema: z.strictObject({ action: z.literal('move_unit'), unit_id: z.string(), parent_id: z.string() }),
  read: ({ unit_id, parent_id }) => ({ action: 'move_unit', unit_id, parent_id }),
  async load(tx, scenarioId, { unit_id, parent_id }): Promise<Facts> {
    const unit = isId(unit_id) ? await unit_get(tx, scenarioId, unit_id) : undefined
    const line = isId(parent_id) ? await unit_list_above(tx, scenarioId, parent_id) : []
    return { unit, line, layers: unit === undefined ? 0 : await unit_count_layers(tx, scenarioId, unit.id) }
  },
  judge({ unit_id, parent_id }, { unit, line, layers }) {
    const parent = line.at(-1)
    if (unit === undefined) throw unknownUnit(unit_id)
    if (parent === undefined) throw unknownUnit(parent_id)
    if (unit.parent_id === null)
      throw refusedChange('unit_is_top', `“${unit.name}” is the top of the organisation and cannot be moved.`)
    if (unit.status === 'closed' || parent.status === 'closed') {
      const closed = unit.status === 'closed' ? unit : parent
      throw refusedChange('unit_closed', `“${closed.name}” is closed: choose an active unit.`)
    }
    if (line.some(({ id }) => id === unit.id)) {
      throw refusedChange(
        'unit_below_itself',
        `“${parent.name}” is “${unit.name}” itself or lies below it: choose a parent outside of it.`,
      )
    }
    if (unit.parent_id === parent.id) {
      throw refusedChange('nothing_to_change', `“${unit.name}” is in “${parent.name}” already.`)
    }
    if (line.length + layers > MOST_LAYERS) {
      throw refusedChange('too_many_layers', `There would be more than ${MOST_LAYERS} layers of units.`)
    }
    return {
      summary: `Move the ${unit.kind} “${unit.name}”, with all that is below it, to “${parent.name}”.`,
      before: { unit_id: unit.id, parent_id: unit.parent_id },
      after: { unit_id: unit.id, parent_id: parent.id },
      remarks: [],
    }
  },
  apply: (tx, scenarioId, { unit_id, parent_id }, _facts, now) =>
    unit_update(tx, scenarioId, unit_id, { parentId: parent_id, status: 'active' }, now),
})
