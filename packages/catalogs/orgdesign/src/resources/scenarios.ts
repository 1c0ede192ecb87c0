import { defineResource } from '@gatehouse/catalog'
import { mayUse, needs } from '../access.ts'
import { difference_list } from '../differences.store.ts'
import type { OrgDesign } from '../domain.ts'
import { type ScenarioRow, scenario_get, scenario_list } from '../scenarios.store.ts'
import { toScenario } from '../shapes.ts'
import { isId } from '../vocabulary.ts'

/** As many as a model can use in one read. */
const SHOWN = 200

export const scenarios = defineResource<OrgDesign>()({
  name: 'scenarios',
  path: 'scenarios',
  title: 'Scenarios',
  description: `Scenarios of the organisation, latest change first: at most ${SHOWN}. Only a draft can be changed.`,
  mimeType: 'application/json',
  ...needs('scenarios.read'),
  subscribable: true,
  read: (_variables, { transact }) =>
    transact(async (tx) => ({ scenarios: (await scenario_list(tx, { atMost: SHOWN })).map(toScenario) })),
})

const complete = {
  scenarioId: async (typed: string, { transact }: OrgDesign) => {
    const rows = await transact((tx) => scenario_list(tx, { atMost: SHOWN }))
    return rows.filter(named(typed)).map(({ id }) => id)
  },
}

/** Whether an id begins with what was typed, or a name contains it. */
export const named =
  (typed: string) =>
  ({ id, name }: Pick<ScenarioRow, 'id' | 'name'>): boolean =>
    id.startsWith(typed) || name.toLowerCase().includes(typed.toLowerCase())

export const scenario = defineResource<OrgDesign>()({
  name: 'scenario',
  path: 'scenarios/{scenarioId}',
  title: 'Scenario',
  description: 'One scenario: what it is for, whether it can be changed, and its revision.',
  mimeType: 'application/json',
  ...needs('scenarios.read'),
  subscribable: true,
  complete,
  async read({ scenarioId }, { transact }) {
    if (!isId(scenarioId)) return undefined
    const found = await transact((tx) => scenario_get(tx, scenarioId))
    return found && toScenario(found)
  },
})

export const scenarioChanges = defineResource<OrgDesign>()({
  name: 'scenario-changes',
  path: 'scenarios/{scenarioId}/changes',
  title: 'Changes of a scenario',
  description: `What a scenario changes beside the baseline, the oldest first: at most ${SHOWN}; costs only for who may see them.`,
  mimeType: 'application/json',
  ...needs('scenarios.read', 'org-units.read', 'placements.read'),
  subscribable: true,
  complete,
  async read({ scenarioId }, { transact, offer }) {
    if (!isId(scenarioId)) return undefined
    return transact(async (tx) => {
      const found = await scenario_get(tx, scenarioId)
      if (found === undefined) return undefined
      const rows = await difference_list(tx, scenarioId, { costs: mayUse(offer, 'costs.read'), atMost: SHOWN + 1 })
      const changes = rows
        .slice(0, SHOWN)
        .map(({ kind, id, name, before, after }) => ({ kind, id, name, before, after }))
      return { scenario: toScenario(found), changes, more: rows.length > SHOWN }
    })
  },
})
