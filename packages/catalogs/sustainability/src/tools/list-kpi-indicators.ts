import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { indicatorsCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { listIndicators } from '../kpis.store.ts'
import { nextCursor } from '../shapes.ts'
import { limit } from '../vocabulary.ts'

export const listKpiIndicators = defineTool<Sustainability>()({
  name: 'list_kpi_indicators',
  title: 'List KPI indicators',
  description:
    'What the organization measures itself by, by code, with targets. Returns indicators with their IDs. ' +
    'Not for their values (query_kpi_data).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({ limit, cursor: cursorField }),
  output: z.object({
    indicators: z.array(
      z.object({
        id: z.string(),
        code: z.string(),
        name: z.string(),
        description: z.string(),
        unit: z.string(),
        direction: z.string(),
        aggregation: z.string(),
        target: z.number().nullable(),
        targetYear: z.number().nullable(),
      }),
    ),
    nextCursor,
  }),
  async run({ limit, cursor }, { transact }) {
    const after = indicatorsCursor.read(cursor)
    const rows = await transact((tx) => listIndicators(tx, { after, atMost: limit + 1 }))
    const { items, ...more } = indicatorsCursor.page(rows, limit, ({ code }) => code)
    const indicators = items.map(({ target_year, ...row }) => ({ ...row, targetYear: target_year }))
    return { indicators, ...more }
  },
})
