import { cursorField, defineTool, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { mayUse, needs } from '../access.ts'
import { difference_list } from '../differences.store.ts'
import type { OrgDesign } from '../domain.ts'
import { openScenario } from '../plane.ts'
import { scenarioFacts, toScenario } from '../shapes.ts'
import { draftId, limitField, text } from '../vocabulary.ts'

const byDraft = keyset(z.tuple([z.iso.datetime(), text(), text()]))
const state = z.record(z.string(), z.unknown())

export const scenarioCompare = defineTool<OrgDesign>()({
  name: 'scenario.compare',
  title: 'Compare a scenario with the baseline',
  description:
    'What a scenario changes: units, placements and, if you may see them, costs, each as the baseline has it and as the scenario has it, in ' +
    'the order of drafting. Returns a page. Not for two scenarios.',
  ...needs('scenarios.read', 'org-units.read', 'placements.read'),
  effect: 'reads',
  input: z.strictObject({ scenario_id: draftId(), limit: limitField, cursor: cursorField }),
  output: z.object({
    scenario: scenarioFacts.describe('The scenario.'),
    changes: z
      .array(
        z.object({
          kind: z.enum(['unit', 'placement', 'cost']).describe('What is changed.'),
          id: z.string().describe('Its ID, the same in both.'),
          name: z.string().describe('Its name.'),
          before: state.nullable().describe('In the baseline; null = added.'),
          after: state.describe('In the scenario.'),
        }),
      )
      .describe('Changes, the oldest first.'),
    next_cursor: z.string().optional().describe('For the next page; absent on the last.'),
  }),
  examples: [{ when: 'What would a scenario change?', arguments: { scenario_id: 'scn_…' } }],
  async run({ scenario_id, limit, cursor }, { transact, offer }) {
    const after = byDraft.read(cursor)
    return transact(async (tx) => {
      const scenario = await openScenario(tx, offer, scenario_id)
      const costs = mayUse(offer, 'costs.read')
      const rows = await difference_list(tx, scenario.id, { costs, after, atMost: limit + 1 })
      const { items, nextCursor } = byDraft.page(rows, limit, ({ at, kind, id }) => [at, kind, id])
      const changes = items.map(({ kind, id, name, before, after }) => ({ kind, id, name, before, after }))
      return { scenario: toScenario(scenario), changes, next_cursor: nextCursor }
    })
  },
})
