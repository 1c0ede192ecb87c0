import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { FOCUS, guideFields, guideFor, ORGANISATION } from '../guides/guide.ts'
import { topUnit } from '../guides/top.ts'
import { unit_get } from '../units.store.ts'
import { isId, unitId } from '../vocabulary.ts'

export const orgReviewGuide = defineTool<OrgDesign>()({
  name: 'org.review.guide',
  title: 'Guide to an organisation review',
  description:
    'How to review the organisation, or one unit of it, with what you may see: returns the questions in order, each with the tool and ' +
    'arguments that answer it, and the resources and prompts that help. Not for scenarios (scenario.review.guide).',
  ...needs('org-units.read'),
  effect: 'reads',
  input: z.strictObject({
    unit_id: unitId().optional().describe('The unit to review; left out: all.'),
    focus: z.enum(FOCUS).optional().describe('Only this side of it.'),
  }),
  output: z.object({
    unit_id: z.string().describe('Unit under review.'),
    unit_name: z.string().describe('Its name.'),
    ...guideFields,
  }),
  examples: [{ when: 'Where do I begin?', arguments: {} }],
  run: ({ unit_id, focus }, { transact, offer }) =>
    transact(async (tx) => {
      const unit =
        unit_id === undefined ? await topUnit(tx, null) : isId(unit_id) && (await unit_get(tx, null, unit_id))
      if (!unit) throw unknownUnit(unit_id ?? '')
      const guide = guideFor(ORGANISATION, offer, { unitId: unit.id, scenarioId: null }, focus)
      return { unit_id: unit.id, unit_name: unit.name, ...guide }
    }),
})
