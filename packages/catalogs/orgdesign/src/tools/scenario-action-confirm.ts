import { defineTool, type ToolFailure } from '@gatehouse/catalog'
import type { Tx } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import { z } from 'zod'
import { needs, requireAbility } from '../access.ts'
import { ACTIONS } from '../actions/actions.ts'
import { actionName } from '../actions/names.ts'
import type { OrgDesign } from '../domain.ts'
import { ScenarioChanged } from '../events.ts'
import { notDraft, proposalExpired, proposalUsed, scenarioMoved, unknownProposal } from '../failures.ts'
import { announce } from '../outbox.ts'
import { type ProposalRow, proposal_get, proposal_is_used, proposal_take } from '../proposals.store.ts'
import { type ScenarioRow, scenario_lock, scenario_touch } from '../scenarios.store.ts'
import { judgedFields } from '../shapes.ts'
import { isId } from '../vocabulary.ts'

export const scenarioActionConfirm = defineTool<OrgDesign>()({
  name: 'scenario.action.confirm',
  title: 'Confirm a scenario change',
  description:
    'Carry out a change that scenario.action.plan proposed, after its person agreed. Good once, for who planned it, while the scenario is ' +
    'as it was. Returns what changed. Not without showing the proposal first, and never for the baseline.',
  ...needs('scenarios.read', 'ai.scenarios.draft'),
  effect: 'writes',
  input: z.strictObject({
    proposal_id: z.string().min(1).max(200).describe('From scenario.action.plan.'),
  }),
  output: z.object({ proposal_id: z.string().describe('What was confirmed.'), ...judgedFields }),
  examples: [{ when: 'The person agreed to what was planned', arguments: { proposal_id: 'prp_…' } }],
  async run({ proposal_id }, { transact, offer, ...call }) {
    return transact(async (tx) => {
      const proposal = isId(proposal_id) ? await proposal_get(tx, call.principal, proposal_id) : undefined
      if (proposal === undefined) throw unknownProposal(proposal_id)
      const { action } = named.parse(proposal.change)
      const kind = ACTIONS[action]
      // As of now: a role may have been taken back since it was planned.
      requireAbility(offer, kind.ability)
      const scenario = await take(tx, call.principal, proposal)
      const change = kind.schema.parse(proposal.change)
      const facts = await kind.load(tx, scenario.id, change)
      const { before, after } = kind.judge(change, facts)
      await kind.apply(tx, scenario.id, change, facts, call.now)
      const revision = Number((await scenario_touch(tx, scenario.id, call.now)).revision)
      const about = { scenarioId: scenario.id, revision, action, proposalId: proposal.id, by: call.principal.subject }
      await announce(tx, call, ScenarioChanged, about)
      const done = { action, summary: proposal.summary, before, after }
      return { proposal_id: proposal.id, scenario_id: scenario.id, scenario_revision: revision, ...done }
    })
  },
})

const named = z.looseObject({ action: actionName })

/**
 * The scenario, held, if the proposal is still good; it is used up with the transaction. Whoever waited for the lock sees what the one
 * before did.
 */
async function take(tx: Tx, principal: Principal, proposal: ProposalRow): Promise<ScenarioRow> {
  const scenario = await scenario_lock(tx, proposal.scenario_id)
  if (scenario === undefined) throw unknownProposal(proposal.id)
  if ((await proposal_take(tx, principal, proposal.id)) === 0) throw await whyNot(tx, proposal)
  if (scenario.status !== 'draft') throw notDraft(scenario.name, scenario.status)
  if (scenario.revision !== proposal.scenario_revision) throw scenarioMoved()
  return scenario
}

const whyNot = async (tx: Tx, { id }: ProposalRow): Promise<ToolFailure> =>
  (await proposal_is_used(tx, id)).used ? proposalUsed() : proposalExpired()
