import { cursorField, defineTool, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownUnit } from '../failures.ts'
import { openPlane } from '../plane.ts'
import { pageOf, teamFacts, toTeam } from '../shapes.ts'
import { team_list } from '../teams.store.ts'
import { unit_get } from '../units.store.ts'
import { isId, limitField, planeField, text, unitId } from '../vocabulary.ts'

const byName = keyset(z.tuple([text(), text()]))

export const teamList = defineTool<OrgDesign>()({
  name: 'team.list',
  title: 'List teams',
  description:
    'List teams by name, of the baseline or of a scenario, of all units or of one. Returns a page of teams with their IDs and units. ' +
    'Not for who works in them (placement.list with team_id).',
  ...needs('teams.read'),
  effect: 'reads',
  input: z.strictObject({
    scenario_id: planeField,
    unit_id: unitId().optional().describe('Only teams of this unit.'),
    limit: limitField,
    cursor: cursorField,
  }),
  output: z.object(pageOf(teamFacts, 'Teams, by name.')),
  examples: [{ when: 'Which teams does a unit have?', arguments: { unit_id: 'unt_…' } }],
  async run({ scenario_id, unit_id, limit, cursor }, { transact, offer }) {
    const after = byName.read(cursor)
    return transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      if (unit_id !== undefined && !(isId(unit_id) && (await unit_get(tx, plane, unit_id)))) throw unknownUnit(unit_id)
      const rows = await team_list(tx, plane, { unitId: unit_id, after, atMost: limit + 1 })
      const { items, nextCursor } = byName.page(rows, limit, ({ name, id }) => [name, id])
      return { items: items.map(toTeam), next_cursor: nextCursor }
    })
  },
})
