import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { openPlane } from '../plane.ts'
import { unitFacts } from '../shapes.ts'
import { unitTree } from '../unit-tree.ts'
import { planeField, unitId } from '../vocabulary.ts'

export const orgUnitTree = defineTool<OrgDesign>()({
  name: 'org_unit.tree',
  title: 'Show the organisation as a tree',
  description:
    'The active units below one unit, or below the top, layer by layer, of the baseline or of a scenario. Returns at most 300 units with ' +
    'parent_id and layer. Not for people (placement.list) or closed units (org_unit.list).',
  ...needs('org-units.read'),
  effect: 'reads',
  input: z.strictObject({
    unit_id: unitId().optional().describe('Where to begin; left out: at the top.'),
    layers: z.number().int().min(1).max(10).default(2).describe('How far below (1–10).'),
    scenario_id: planeField,
  }),
  output: z.object({
    units: z
      .array(unitFacts.extend({ layer: z.number().int().describe('0 = where it begins.') }))
      .describe('The first is where it begins.'),
    more: z.boolean().describe('True if units were left out: begin further below.'),
  }),
  examples: [{ when: 'What does the organisation look like?', arguments: { layers: 2 } }],
  run: ({ unit_id, layers, scenario_id }, { transact, offer }) =>
    transact(async (tx) => {
      const tree = await unitTree(tx, await openPlane(tx, offer, scenario_id), unit_id, layers)
      if (tree === undefined) throw unknownUnit(unit_id ?? '')
      return tree
    }),
})
