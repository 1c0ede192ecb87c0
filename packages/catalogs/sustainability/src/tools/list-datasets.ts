import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { datasetsCursor } from '../cursors.ts'
import { listDatasets as list } from '../datasets.store.ts'
import type { Sustainability } from '../domain.ts'
import { nextCursor, updatedAt } from '../shapes.ts'
import { category, limit } from '../vocabulary.ts'

export const listDatasets = defineTool<Sustainability>()({
  name: 'list_datasets',
  title: 'List datasets',
  description:
    'What activities are collected in, by name: one kind of data each. Returns datasets with their number of activities. ' +
    'Not for the activities (list_activities).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({ category: category.optional(), limit, cursor: cursorField }),
  output: z.object({
    datasets: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        description: z.string(),
        category: z.string(),
        activityCount: z.number(),
        updatedAt,
      }),
    ),
    nextCursor,
  }),
  async run({ category, limit, cursor }, { transact }) {
    const after = datasetsCursor.read(cursor)
    const rows = await transact((tx) => list(tx, { category, after, atMost: limit + 1 }))
    const { items, ...more } = datasetsCursor.page(rows, limit, (row) => [row.name, row.id])
    const datasets = items.map((row) => ({
      id: row.id,
      name: row.name,
      description: row.description,
      category: row.category,
      activityCount: Number(row.activity_count),
      updatedAt: row.updated_at.toISOString(),
    }))
    return { datasets, ...more }
  },
})
