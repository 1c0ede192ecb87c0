import { newId } from '@gatehouse/catalog'
import { z } from 'zod'
import { refusedChange, unknownUnit } from '../failures.ts'
import { type LayeredUnitRow, unit_has_child_named, unit_insert, unit_list_above } from '../units.store.ts'
import { isId, MOST_LAYERS, unitKind } from '../vocabulary.ts'
import { defineAction } from './action.ts'

interface Facts {
  /** The parent and what is above it, the top first. */
  readonly line: readonly LayeredUnitRow[]
  readonly taken: boolean
}

export const addUnit = defineAction({
  ability: 'org-units.write',
  needed: ['parent_id', 'name'],
  optional: ['kind', 'purpose'],
  schema: z.strictObject({
    action: z.literal('add_unit'),
    unit_id: z.string(),
    parent_id: z.string(),
    name: z.string(),
    kind: unitKind,
    purpose: z.string(),
  }),
  // The id is chosen with the plan, so that what is confirmed is what was planned.
  read: ({ parent_id, name, kind = 'department', purpose = '' }) => ({
    action: 'add_unit',
    unit_id: newId('unt'),
    parent_id,
    name: String(name).trim(),
    kind,
    purpose,
  }),
  async load(tx, scenarioId, { parent_id, name }): Promise<Facts> {
    if (!isId(parent_id)) return { line: [], taken: false }
    return {
      line: await unit_list_above(tx, scenarioId, parent_id),
      taken: await unit_has_child_named(tx, scenarioId, parent_id, name),
    }
  },
  judge({ unit_id, parent_id, name, kind, purpose }, { line, taken }) {
    const parent = line.at(-1)
    if (parent === undefined) throw unknownUnit(parent_id)
    if (name === '') throw refusedChange('empty_name', 'name must hold more than white space.')
    if (kind === 'company')
      throw refusedChange('kind_is_top', 'Only the top is a company: choose division, department or group.')
    if (parent.status === 'closed')
      throw refusedChange('unit_closed', `“${parent.name}” is closed: choose an active unit.`)
    if (taken) throw refusedChange('name_taken', `“${parent.name}” has an active unit named “${name}” already.`)
    if (line.length + 1 > MOST_LAYERS) {
      throw refusedChange('too_many_layers', `There would be more than ${MOST_LAYERS} layers of units.`)
    }
    return {
      summary: `Add the ${kind} “${name}” below “${parent.name}”.`,
      before: null,
      after: { unit_id, parent_id: parent.id, name, kind, purpose },
      remarks: ['It begins without teams, placements and costs.'],
    }
  },
  apply: (tx, scenarioId, change, _facts, now) =>
    unit_insert(tx, scenarioId, { ...change, id: change.unit_id, parentId: change.parent_id }, now),
})
