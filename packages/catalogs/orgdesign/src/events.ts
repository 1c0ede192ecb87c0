import { type Change, onEvent } from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { z } from 'zod'
import { actionName } from './actions/names.ts'

/** A change that was planned has been carried out in a scenario. */
export const ScenarioChanged = defineEvent(
  'scenario.changed',
  1,
  z.object({
    scenarioId: z.string(),
    /** Of the scenario, after the change. */
    revision: z.number().int(),
    action: actionName,
    proposalId: z.string(),
    /** Subject of the person, key or service that did it. */
    by: z.string(),
  }),
)

/** Which resources each event makes stale. */
export const changes: readonly Change[] = [
  onEvent(ScenarioChanged, ({ scenarioId }) => [
    'scenarios',
    `scenarios/${scenarioId}`,
    `scenarios/${scenarioId}/changes`,
  ]),
]
