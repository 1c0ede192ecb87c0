import { definePrompt, type PromptMessage } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { guideFor, ORGANISATION, SCENARIO, type Subject } from '../guides/guide.ts'
import { topUnit } from '../guides/top.ts'
import { openScenario } from '../plane.ts'
import { named } from '../resources/scenarios.ts'
import { scenario_list } from '../scenarios.store.ts'
import { unit_get } from '../units.store.ts'
import { isId, text } from '../vocabulary.ts'

const prompt = definePrompt<OrgDesign>()

const says = (...paragraphs: readonly string[]): readonly PromptMessage[] => [
  { role: 'user', content: { type: 'text', text: paragraphs.join('\n\n') } },
]

/** The steps as a list, with the calls to be made. */
const listed = (offer: OrgDesign['offer'], steps: typeof ORGANISATION, subject: Subject): string =>
  guideFor(steps, offer, subject)
    .steps.map(({ ask, tool, arguments: given }, n) => `${n + 1}. ${ask} (${tool} ${JSON.stringify(given)})`)
    .join('\n')

const completeScenario = async (typed: string, { transact }: OrgDesign): Promise<readonly string[]> => {
  const rows = await transact((tx) => scenario_list(tx, { atMost: 200 }))
  return rows.filter(named(typed)).map(({ id }) => id)
}

const scenarioId = () => z.string().min(1).max(200).describe('ID of the scenario.')

export const prompts = [
  prompt({
    name: 'review_organisation',
    title: 'Review the organisation',
    description:
      'A review of the organisation as it is, or of one unit: structure, staffing, costs and figures, as far as you may see them.',
    ...needs('org-units.read'),
    arguments: z.object({ unit_id: z.string().min(1).max(200).optional().describe('A unit; left out: all.') }),
    get: ({ unit_id }, { transact, offer }) =>
      transact(async (tx) => {
        const unit =
          unit_id === undefined ? await topUnit(tx, null) : isId(unit_id) && (await unit_get(tx, null, unit_id))
        if (!unit) throw unknownUnit(unit_id ?? '')
        return says(
          `Review the unit “${unit.name}” (${unit.id}) of our organisation as it is today. Answer these questions in order, each from the call behind it:`,
          listed(offer, ORGANISATION, { unitId: unit.id, scenarioId: null }),
          'Then give the three findings that matter most, each with the figures it rests on, and say what you could not see.',
        )
      }),
  }),
  prompt({
    name: 'review_scenario',
    title: 'Review a scenario',
    description: 'A review of one scenario beside the baseline: what changes, what it costs, whom it touches.',
    ...needs('scenarios.read', 'org-units.read'),
    arguments: z.object({ scenario_id: scenarioId() }),
    complete: { scenario_id: completeScenario },
    get: ({ scenario_id }, { transact, offer }) =>
      transact(async (tx) => {
        const scenario = await openScenario(tx, offer, scenario_id)
        const top = await topUnit(tx, scenario.id)
        if (top === undefined) throw unknownUnit('')
        return says(
          `Review the scenario “${scenario.name}” (${scenario.id}, ${scenario.status}) beside the baseline. Answer these questions in order, each from the call behind it:`,
          listed(offer, SCENARIO, { unitId: top.id, scenarioId: scenario.id }),
          'Then say what speaks for it, what against it, and what is missing before it can be decided. Change nothing.',
        )
      }),
  }),
  prompt({
    name: 'draft_scenario_change',
    title: 'Draft a change in a scenario',
    description: 'Takes a goal and works towards it in a draft, one planned and confirmed change at a time.',
    ...needs('scenarios.read', 'ai.scenarios.draft'),
    arguments: z.object({
      scenario_id: scenarioId(),
      goal: text().min(1).max(2_000).describe('What should become true.'),
    }),
    complete: { scenario_id: completeScenario },
    get: ({ scenario_id, goal }, { transact, offer }) =>
      transact(async (tx) => {
        const scenario = await openScenario(tx, offer, scenario_id)
        return says(
          `Work towards this goal in the scenario “${scenario.name}” (${scenario.id}, ${scenario.status}): ${goal}`,
          'Look at what is there first (scenario.review.guide). Then, one change at a time: call scenario.action.plan, show me its summary, before, after and remarks, and wait. Only when I agree, call scenario.action.confirm with its proposal_id. The baseline stays as it is.',
        )
      }),
  }),
]
