import { cursorField, defineTool, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import { cost_list } from '../costs.store.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { openPlane } from '../plane.ts'
import { costFacts, pageOf, toCost } from '../shapes.ts'
import { unit_get } from '../units.store.ts'
import { costCategory, isId, limitField, planeField, text, unitId } from '../vocabulary.ts'

const byAmount = keyset(z.tuple([z.string().regex(/^\d{1,14}(\.\d{1,2})?$/), text()]))

export const costList = defineTool<OrgDesign>()({
  name: 'cost.list',
  title: 'List costs',
  description:
    'List annual cost items, the largest first, of the baseline or of a scenario; filter by unit or category. Returns a page of items with ' +
    'their IDs. Not for totals (cost.summary).',
  ...needs('costs.read'),
  effect: 'reads',
  input: z.strictObject({
    scenario_id: planeField,
    unit_id: unitId().optional().describe('Only borne by this unit itself.'),
    category: costCategory.optional().describe('Only of this category.'),
    limit: limitField,
    cursor: cursorField,
  }),
  output: z.object(pageOf(costFacts, 'Cost items, the largest first.')),
  examples: [{ when: 'What are the largest costs?', arguments: { limit: 10 } }],
  async run({ scenario_id, unit_id, category, limit, cursor }, { transact, offer }) {
    const after = byAmount.read(cursor)
    return transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      if (unit_id !== undefined && !(isId(unit_id) && (await unit_get(tx, plane, unit_id)))) throw unknownUnit(unit_id)
      const rows = await cost_list(tx, plane, { unitId: unit_id, category, after, atMost: limit + 1 })
      const { items, nextCursor } = byAmount.page(rows, limit, (row) => [row.amount_key, row.id])
      return { items: items.map(toCost), next_cursor: nextCursor }
    })
  },
})
