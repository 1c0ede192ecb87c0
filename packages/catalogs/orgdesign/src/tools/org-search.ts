import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { mayUse, needs } from '../access.ts'
import type { OrgDesign } from '../domain.ts'
import { openPlane } from '../plane.ts'
import { type FoundKind, org_search } from '../search.store.ts'
import { planeField, text } from '../vocabulary.ts'

const found = z.enum(['unit', 'team', 'placement'])

export const orgSearch = defineTool<OrgDesign>()({
  name: 'org.search',
  title: 'Search the organisation',
  description:
    'Find units, teams, positions and people by words, in the baseline or in a scenario. Returns matches with their IDs, best first; only ' +
    'kinds that you may see. Not for listing all of a kind.',
  ...needs('org-units.read'),
  effect: 'reads',
  input: z.strictObject({
    q: text().min(1).max(1_000).describe('Words; the last may be unfinished.'),
    scenario_id: planeField,
    kind: found.optional().describe('Only this kind.'),
    limit: z.number().int().min(1).max(100).default(20).describe('Most matches (1–100).'),
  }),
  output: z.object({
    results: z
      .array(
        z.object({
          kind: found.describe('What was found.'),
          id: z.string().describe('Its ID.'),
          title: z.string().describe('Name, or title of the position.'),
          detail: z.string().describe('Kind, or who holds the position.'),
          unit_id: z.string().describe('Unit it is or belongs to.'),
          unit_name: z.string().describe('Name of that unit.'),
        }),
      )
      .describe('Matches, best first.'),
    more: z.boolean().describe('True if the limit was reached.'),
  }),
  examples: [{ when: 'Where does somebody work?', arguments: { q: 'data engineer' } }],
  run: ({ q, scenario_id, kind, limit }, { transact, offer }) =>
    transact(async (tx) => {
      const plane = await openPlane(tx, offer, scenario_id)
      const kinds = seen(offer).filter((one) => kind === undefined || one === kind)
      const rows = await org_search(tx, plane, { words: q, kinds, atMost: limit })
      const results = rows.map((row) => ({
        kind: row.kind,
        id: row.id,
        title: row.title,
        detail: row.detail,
        unit_id: row.unit_id,
        unit_name: row.unit_name,
      }))
      return { results, more: results.length === limit }
    }),
})

const seen = (offer: OrgDesign['offer']): readonly FoundKind[] => [
  'unit',
  ...(mayUse(offer, 'teams.read') ? ['team' as const] : []),
  ...(mayUse(offer, 'placements.read') ? ['placement' as const] : []),
]
