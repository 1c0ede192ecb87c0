import { shownId, ToolFailure } from '@gatehouse/catalog'

/** Another tenant's rows are as unknown as those that never were. */
const unknown = (code: string, what: string, id: string, find: string): ToolFailure =>
  new ToolFailure(code, `There is no ${what} with the ID ${shownId(id)} here. ${find}`)

export const unknownScenario = (id: string): ToolFailure =>
  unknown('unknown_scenario', 'scenario', id, 'Find it with scenario.list; leave scenario_id out for the baseline.')

export const unknownUnit = (id: string): ToolFailure =>
  unknown('unknown_unit', 'unit', id, 'Find it with org_unit.list or org.search, with the same scenario_id.')

export const unknownTeam = (id: string): ToolFailure =>
  unknown('unknown_team', 'team', id, 'Find it with team.list, with the same scenario_id.')

export const unknownPlacement = (id: string): ToolFailure =>
  unknown('unknown_placement', 'placement', id, 'Find it with placement.list, with the same scenario_id.')

export const unknownCost = (id: string): ToolFailure =>
  unknown('unknown_cost', 'cost item', id, 'Find it with cost.list, with the same scenario_id.')

export const unknownProposal = (id: string): ToolFailure =>
  unknown(
    'unknown_proposal',
    'proposal of yours',
    id,
    'Only who planned a change can confirm it: call scenario.action.plan and pass its proposal_id.',
  )

export const unknownCapability = (name: string): ToolFailure =>
  new ToolFailure(
    'unknown_capability',
    `Nothing is named ${shownId(name)} here, or it is not for you. capability.list has every name that you can use.`,
  )

export const notDraft = (name: string, status: string): ToolFailure =>
  new ToolFailure(
    'scenario_not_draft',
    `The scenario “${name}” is ${status}: only a draft can be changed. Choose one with scenario.list and status "draft", or have somebody reopen it in the product.`,
  )

export const proposalUsed = (): ToolFailure =>
  new ToolFailure(
    'proposal_used',
    'This proposal has been confirmed already, and is carried out once. Look at scenario.compare for what it did; to change more, plan anew.',
  )

export const proposalExpired = (): ToolFailure =>
  new ToolFailure(
    'proposal_expired',
    'This proposal has expired, nothing was changed. Call scenario.action.plan again.',
  )

export const scenarioMoved = (): ToolFailure =>
  new ToolFailure(
    'scenario_changed',
    'The scenario has changed since this was planned, so nothing was done. Look at it again, then call scenario.action.plan.',
  )

/** A change that does not fit the state it meets. */
export const refusedChange = (code: string, message: string): ToolFailure =>
  new ToolFailure(code, `${message} Nothing was changed.`)
