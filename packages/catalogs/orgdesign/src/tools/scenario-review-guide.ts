import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { guideFields, guideFor, SCENARIO } from '../guides/guide.ts'
import { topUnit } from '../guides/top.ts'
import { openScenario } from '../plane.ts'
import { scenarioFacts, toScenario } from '../shapes.ts'
import { draftId } from '../vocabulary.ts'

const DRAFTING = [
  'Plan one change at a time with scenario.action.plan: it changes nothing.',
  'Show the person its summary, before, after and remarks.',
  'Only when they agree, call scenario.action.confirm with its proposal_id. Any change of the scenario makes other proposals stale.',
]

export const scenarioReviewGuide = defineTool<OrgDesign>()({
  name: 'scenario.review.guide',
  title: 'Guide to a scenario review',
  description:
    'How to review a scenario beside the baseline, with what you may see: returns the questions in order, each with the tool and arguments ' +
    'that answer it, and how to draft changes if you may. Not for the organisation as it is (org.review.guide).',
  ...needs('scenarios.read', 'org-units.read'),
  effect: 'reads',
  input: z.strictObject({ scenario_id: draftId() }),
  output: z.object({
    scenario: scenarioFacts.describe('The scenario under review.'),
    drafting: z.array(z.string()).describe('How to change it; empty if you may not, or it is no draft.'),
    ...guideFields,
  }),
  examples: [{ when: 'What should I look at in this scenario?', arguments: { scenario_id: 'scn_…' } }],
  run: ({ scenario_id }, { transact, offer }) =>
    transact(async (tx) => {
      const scenario = await openScenario(tx, offer, scenario_id)
      const top = await topUnit(tx, scenario.id)
      if (top === undefined) throw unknownUnit('')
      const guide = guideFor(SCENARIO, offer, { unitId: top.id, scenarioId: scenario.id })
      const drafts = scenario.status === 'draft' && offer.tools.some(({ name }) => name === 'scenario.action.plan')
      return { scenario: toScenario(scenario), drafting: drafts ? DRAFTING : [], ...guide }
    }),
})
