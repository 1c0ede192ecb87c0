import { ToolFailure } from '@gatehouse/catalog'
import type { Action } from './action.ts'
import { addUnit } from './add-unit.ts'
import { changeCost } from './change-cost.ts'
import { changePlacement } from './change-placement.ts'
import { closeUnit } from './close-unit.ts'
import { moveUnit } from './move-unit.ts'
import type { ActionName } from './names.ts'

// biome-ignore lint/suspicious/noExplicitAny: changes of different kinds have no common type
export type AnyAction = Action<any, any>

/** All that can be done in a scenario. */
export const ACTIONS: Readonly<Record<ActionName, AnyAction>> = {
  move_unit: moveUnit,
  change_placement: changePlacement,
  change_cost: changeCost,
  add_unit: addUnit,
  close_unit: closeUnit,
}

/**
 * The change that arguments ask for. All of an action's own arguments have to be there, and none of another's: a model that passes more
 * than is used means something that would not happen.
 * @throws ToolFailure `arguments_do_not_fit`
 */
export function readChange(name: ActionName, given: Readonly<Record<string, unknown>>): object {
  const action = ACTIONS[name]
  const { needed, optional = [], one = [] } = action
  const there = Object.keys(given).filter((key) => given[key] !== undefined)
  const missing = needed.filter((key) => !there.includes(key))
  const foreign = there.filter((key) => ![...needed, ...optional, ...one].includes(key))
  const none = one.length > 0 && !one.some((key) => there.includes(key))
  const faults = [
    ...(missing.length > 0 ? [`needs ${missing.join(' and ')}`] : []),
    ...(none ? [`needs at least one of ${one.join(', ')}`] : []),
    ...(foreign.length > 0 ? [`takes no ${foreign.join(', no ')}`] : []),
  ]
  if (faults.length > 0) {
    throw new ToolFailure('arguments_do_not_fit', `The action ${name} ${faults.join(', and ')}. Nothing was planned.`)
  }
  return action.schema.parse(action.read(given))
}
