import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { mayUse, needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { openPlane } from '../plane.ts'
import { unitFacts } from '../shapes.ts'
import { unitDetail } from '../unit-detail.ts'
import { planeField, unitId } from '../vocabulary.ts'

export const orgUnitGet = defineTool<OrgDesign>()({
  name: 'org_unit.get',
  title: 'Get an organisation unit',
  description:
    'One unit of the baseline or of a scenario: its purpose, the line above it, what is directly below it, and its staffing if you may ' +
    'see placements. Returns the unit. Not for whole branches (org_unit.tree).',
  ...needs('org-units.read'),
  effect: 'reads',
  input: z.strictObject({ unit_id: unitId(), scenario_id: planeField }),
  output: unitFacts.extend({
    purpose: z.string().describe('What it is there for.'),
    line: z
      .array(z.object({ id: z.string().describe('Unit ID.'), name: z.string().describe('Its name.') }))
      .describe('Units above it, the top first.'),
    units_below: z.number().int().describe('Active units directly below it.'),
    teams: z.number().int().describe('Its own teams.'),
    staffing: z
      .object({
        placements: z.number().int().describe('Its own placements.'),
        vacant: z.number().int().describe('Those that nobody holds.'),
        fte: z.number().describe('Full-time equivalents.'),
      })
      .nullable()
      .describe('Null if placements are not for you.'),
  }),
  examples: [{ when: 'What is this unit for, and where does it belong?', arguments: { unit_id: 'unt_…' } }],
  run: ({ unit_id, scenario_id }, { transact, offer }) =>
    transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      const unit = await unitDetail(tx, plane, unit_id, mayUse(offer, 'placements.read'))
      if (unit === undefined) throw unknownUnit(unit_id)
      return unit
    }),
})
