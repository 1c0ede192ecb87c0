import { cursorField, defineTool, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { openPlane } from '../plane.ts'
import { pageOf, toUnit, unitFacts } from '../shapes.ts'
import { unit_get, unit_list } from '../units.store.ts'
import { isId, limitField, planeField, text, unitId, unitKind, unitStatus } from '../vocabulary.ts'

const byName = keyset(z.tuple([text(), text()]))

export const orgUnitList = defineTool<OrgDesign>()({
  name: 'org_unit.list',
  title: 'List organisation units',
  description:
    'List organisation units by name, of the baseline or of a scenario; filter by parent, kind or status. Returns a page of units with ' +
    'their IDs. Not for the shape of the organisation (org_unit.tree) nor for words (org.search).',
  ...needs('org-units.read'),
  effect: 'reads',
  input: z.strictObject({
    scenario_id: planeField,
    parent_id: unitId().optional().describe('Only units directly below this one.'),
    kind: unitKind.optional().describe('Only of this kind.'),
    status: unitStatus.optional().describe('Only with this status.'),
    limit: limitField,
    cursor: cursorField,
  }),
  output: z.object(pageOf(unitFacts, 'Units, by name.')),
  examples: [
    { when: 'Which divisions are there?', arguments: { kind: 'division' } },
    { when: 'What is directly below a unit, in a scenario?', arguments: { parent_id: 'unt_…', scenario_id: 'scn_…' } },
  ],
  async run({ scenario_id, parent_id, kind, status, limit, cursor }, { transact, offer }) {
    const after = byName.read(cursor)
    return transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      if (parent_id !== undefined && !(isId(parent_id) && (await unit_get(tx, plane, parent_id)))) {
        throw unknownUnit(parent_id)
      }
      const asked = { parentId: parent_id, kind, status, after, atMost: limit + 1 }
      const { items, nextCursor } = byName.page(await unit_list(tx, plane, asked), limit, ({ name, id }) => [name, id])
      return { items: items.map(toUnit), next_cursor: nextCursor }
    })
  },
})
