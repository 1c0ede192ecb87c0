import { z } from 'zod'
import { refusedChange, unknownUnit } from '../failures.ts'
import { type UnitCountsRow, type UnitRow, unit_count_below, unit_get, unit_update } from '../units.store.ts'
import { isId } from '../vocabulary.ts'
import { defineAction } from './action.ts'

interface Facts {
  readonly unit: UnitRow | undefined
  readonly below: UnitCountsRow
}

const NOTHING: UnitCountsRow = { units: 0, teams: 0, placements: 0, costs: 0 }

export const closeUnit = defineAction({
  ability: 'org-units.write',
  needed: ['unit_id'],
  schema: z.strictObject({ action: z.literal('close_unit'), unit_id: z.string() }),
  read: ({ unit_id }) => ({ action: 'close_unit', unit_id }),
  async load(tx, scenarioId, { unit_id }): Promise<Facts> {
    const unit = isId(unit_id) ? await unit_get(tx, scenarioId, unit_id) : undefined
    return { unit, below: unit === undefined ? NOTHING : await unit_count_below(tx, scenarioId, unit.id) }
  },
  judge({ unit_id }, { unit, below }) {
    if (unit === undefined) throw unknownUnit(unit_id)
    if (unit.parent_id === null)
      throw refusedChange('unit_is_top', `“${unit.name}” is the top of the organisation and cannot be closed.`)
    if (unit.status === 'closed') throw refusedChange('nothing_to_change', `“${unit.name}” is closed already.`)
    if (below.units + below.placements > 0) {
      throw refusedChange(
        'unit_not_empty',
        `“${unit.name}” still has ${below.units} active units and ${below.placements} placements: move them first (move_unit, change_placement).`,
      )
    }
    return {
      summary: `Close the ${unit.kind} “${unit.name}”.`,
      before: { unit_id: unit.id, status: unit.status },
      after: { unit_id: unit.id, status: 'closed' },
      remarks: [
        ...(below.teams > 0 ? [`${below.teams} teams without placements stay with it.`] : []),
        ...(below.costs > 0 ? [`${below.costs} cost items stay with it: change them with change_cost.`] : []),
      ],
    }
  },
  apply: (tx, scenarioId, { unit_id }, { unit }, now) =>
    unit_update(tx, scenarioId, unit_id, { parentId: unit?.parent_id ?? null, status: 'closed' }, now),
})
