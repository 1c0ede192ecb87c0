import { cursorField, defineTool, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { scenario_list } from '../scenarios.store.ts'
import { pageOf, scenarioFacts, toScenario } from '../shapes.ts'
import { limitField, scenarioStatus, text } from '../vocabulary.ts'

const byChange = keyset(z.tuple([z.iso.datetime(), text()]))

export const scenarioList = defineTool<OrgDesign>()({
  name: 'scenario.list',
  title: 'List scenarios',
  description:
    'List scenarios of the organisation, latest change first. Returns a page with IDs and status; only a draft can be changed. The baseline ' +
    'is no scenario: pass scenario_id null for it. Not for what a scenario changes (scenario.compare).',
  ...needs('scenarios.read'),
  effect: 'reads',
  input: z.strictObject({
    status: scenarioStatus.optional().describe('Only with this status.'),
    limit: limitField,
    cursor: cursorField,
  }),
  output: z.object(pageOf(scenarioFacts, 'Scenarios, latest change first.')),
  examples: [{ when: 'What can be worked on?', arguments: { status: 'draft' } }],
  async run({ status, limit, cursor }, { transact }) {
    const after = byChange.read(cursor)
    return transact(async (tx) => {
      const rows = await scenario_list(tx, { status, after, atMost: limit + 1 })
      const { items, nextCursor } = byChange.page(rows, limit, ({ at, id }) => [at, id])
      return { items: items.map(toScenario), next_cursor: nextCursor }
    })
  },
})
