import { cursorField, defineTool, keyset } from '@gatehouse/catalog'
import { z } from 'zod'
import { needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { unknownTeam, unknownUnit } from '../failures.ts'
import { placement_list } from '../placements.store.ts'
import { openPlane } from '../plane.ts'
import { pageOf, placementFacts, toPlacement } from '../shapes.ts'
import { team_get } from '../teams.store.ts'
import { unit_get } from '../units.store.ts'
import { isId, limitField, planeField, teamId, text, unitId } from '../vocabulary.ts'

const byTitle = keyset(z.tuple([text(), text()]))

export const placementList = defineTool<OrgDesign>()({
  name: 'placement.list',
  title: 'List placements',
  description:
    'List positions and who holds them, by title, of the baseline or of a scenario; filter by unit, team, or vacant ones. Returns a page of ' +
    'placements with their IDs. Not for finding a person by name (org.search).',
  ...needs('placements.read'),
  effect: 'reads',
  input: z.strictObject({
    scenario_id: planeField,
    unit_id: unitId().optional().describe('Only directly in this unit.'),
    team_id: teamId().optional().describe('Only in this team.'),
    vacant: z.boolean().optional().describe('true: only vacant ones; false: only held ones.'),
    limit: limitField,
    cursor: cursorField,
  }),
  output: z.object(pageOf(placementFacts, 'Placements, by title.')),
  examples: [
    { when: 'Who works in a unit?', arguments: { unit_id: 'unt_…' } },
    { when: 'Which positions are open?', arguments: { vacant: true } },
  ],
  async run({ scenario_id, unit_id, team_id, vacant, limit, cursor }, { transact, offer }) {
    const after = byTitle.read(cursor)
    return transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      if (unit_id !== undefined && !(isId(unit_id) && (await unit_get(tx, plane, unit_id)))) throw unknownUnit(unit_id)
      if (team_id !== undefined && !(isId(team_id) && (await team_get(tx, plane, team_id)))) throw unknownTeam(team_id)
      const asked = { unitId: unit_id, teamId: team_id, vacant, after, atMost: limit + 1 }
      const rows = await placement_list(tx, plane, asked)
      const { items, nextCursor } = byTitle.page(rows, limit, ({ title, id }) => [title, id])
      return { items: items.map(toPlacement), next_cursor: nextCursor }
    })
  },
})
