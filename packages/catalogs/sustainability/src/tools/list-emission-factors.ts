import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { factorsCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { type FactorRow, listFactors, searchFactors } from '../factors.store.ts'
import { contradiction } from '../failures.ts'
import { nextCursor } from '../shapes.ts'
import { category, limit, text } from '../vocabulary.ts'

export const listEmissionFactors = defineTool<Sustainability>()({
  name: 'list_emission_factors',
  title: 'List emission factors',
  description:
    'What one unit of something emits: the best matches of a query, or all by category and code. Returns factors with codes and units. ' +
    'Not for calculating.',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({
    query: text(200).optional().describe('Words; all must occur. Without cursor.'),
    category: category.optional(),
    limit,
    cursor: cursorField,
  }),
  output: z.object({
    factors: z.array(
      z.object({
        id: z.string(),
        code: z.string(),
        name: z.string(),
        category: z.string(),
        ghgScope: z.number(),
        region: z.string(),
        year: z.number(),
        source: z.string(),
        unit: z.string(),
        kgCo2e: z.number(),
      }),
    ),
    nextCursor,
  }),
  async run({ query, category, limit, cursor }, { transact }) {
    if (query !== undefined && cursor !== undefined) {
      throw contradiction('The matches of a query have one page. Leave cursor out, or narrow the query.')
    }
    if (query !== undefined) {
      const rows = await transact((tx) => searchFactors(tx, query, category, limit))
      return { factors: rows.map(toFactor) }
    }
    const after = factorsCursor.read(cursor)
    const rows = await transact((tx) => listFactors(tx, { category, after, atMost: limit + 1 }))
    const { items, ...more } = factorsCursor.page(rows, limit, (row) => [row.category, row.code])
    return { factors: items.map(toFactor), ...more }
  },
})

const toFactor = ({ ghg_scope, kg_co2e, ...row }: FactorRow) => ({ ...row, ghgScope: ghg_scope, kgCo2e: kg_co2e })
