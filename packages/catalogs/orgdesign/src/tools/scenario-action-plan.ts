import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs, requireAbility } from '../access.ts'
import { ACTIONS, readChange } from '../actions/actions.ts'
import { actionName } from '../actions/names.ts'
import type { OrgDesign } from '../domain.ts'
import { notDraft } from '../failures.ts'
import { openScenario } from '../plane.ts'
import { PROPOSAL_MINUTES, proposal_delete_expired, proposal_insert } from '../proposals.store.ts'
import { judgedFields } from '../shapes.ts'
import { text, unitKind } from '../vocabulary.ts'

/** Of any length: what cannot be an id is not found. Bounds would cost a model more than they tell it. */
const id = () => z.string()
const twoDecimals = (number: z.ZodNumber) =>
  number.refine((value) => Math.round(value * 100) / 100 === value, 'must have two decimals at most')

export const scenarioActionPlan = defineTool<OrgDesign>()({
  name: 'scenario.action.plan',
  title: 'Plan a scenario change',
  description:
    'Plan one change in a draft scenario: move_unit (unit_id, parent_id), change_placement (placement_id; unit_id, team_id or fte), ' +
    'change_cost (cost_id, annual_amount), add_unit (parent_id, name), close_unit (unit_id). Changes nothing. Returns a proposal_id ' +
    `(${PROPOSAL_MINUTES} minutes) and what would change: show it, then call scenario.action.confirm. Not for the baseline.`,
  ...needs('scenarios.read', 'ai.scenarios.draft'),
  effect: 'writes',
  input: z.strictObject({
    scenario_id: id().describe('From scenario.list.'),
    action: actionName.describe('What to do.'),
    unit_id: id().optional().describe('Unit; of a placement, the new one.'),
    parent_id: id().optional().describe('New parent.'),
    name: text().min(1).max(200).optional().describe('Of a new unit.'),
    kind: unitKind.optional().describe('Default department.'),
    purpose: text().max(4_000).optional().describe('Its purpose.'),
    placement_id: id().optional().describe('Placement.'),
    team_id: id().nullable().optional().describe('New team; null = none.'),
    fte: twoDecimals(z.number().min(0.01).max(1)).optional().describe('Part of full time.'),
    cost_id: id().optional().describe('Cost item.'),
    annual_amount: twoDecimals(z.number().min(0).max(999_999_999_999)).optional().describe('New amount.'),
  }),
  output: z.object({
    proposal_id: z.string().describe('For scenario.action.confirm.'),
    expires_at: z.string().describe('Until when it can be confirmed, ISO 8601.'),
    ...judgedFields,
    remarks: z.array(z.string()).describe('What may be overlooked.'),
  }),
  examples: [
    {
      when: 'A department should report to somebody else in a draft',
      arguments: { scenario_id: 'scn_…', action: 'move_unit', unit_id: 'unt_…', parent_id: 'unt_…' },
    },
  ],
  async run({ scenario_id, action, ...given }, { transact, offer, principal }) {
    const kind = ACTIONS[action]
    requireAbility(offer, kind.ability)
    const change = readChange(action, given)
    return transact(async (tx) => {
      // Its revision is read before all else: what changes from here on makes the proposal stale.
      const scenario = await openScenario(tx, offer, scenario_id)
      if (scenario.status !== 'draft') throw notDraft(scenario.name, scenario.status)
      const { summary, before, after, remarks } = kind.judge(change, await kind.load(tx, scenario.id, change))
      await proposal_delete_expired(tx)
      const proposal = {
        id: newId('prp'),
        scenario_id: scenario.id,
        scenario_revision: scenario.revision,
        change,
        summary,
      }
      const { expires_at } = await proposal_insert(tx, principal, proposal)
      const of = { scenario_id: scenario.id, scenario_revision: Number(scenario.revision) }
      const planned = { action, summary, before, after, remarks: [...remarks, LASTS] }
      return { proposal_id: proposal.id, expires_at: expires_at.toISOString(), ...of, ...planned }
    })
  },
})

const LASTS = `It can be confirmed once, within ${PROPOSAL_MINUTES} minutes, by you, and only if the scenario does not change meanwhile.`
