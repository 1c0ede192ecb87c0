import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { listActivities as list } from '../activities.store.ts'
import { activitiesCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { contradiction } from '../failures.ts'
import { needDataset, needSite } from '../require.ts'
import { activityFacts, nextCursor, toActivity } from '../shapes.ts'
import { day, id, limit } from '../vocabulary.ts'

export const listActivities = defineTool<Sustainability>()({
  name: 'list_activities',
  title: 'List activities',
  description: 'What was used or done and emitted, latest first. Returns activities. Not for sums (query_kpi_data).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({
    datasetId: id.optional().describe('From list_datasets.'),
    siteId: id.optional().describe('From list_sites.'),
    from: day.optional().describe('First day, YYYY-MM-DD.'),
    to: day.optional().describe('Last day.'),
    limit,
    cursor: cursorField,
  }),
  output: z.object({ activities: z.array(activityFacts), nextCursor }),
  async run({ datasetId, siteId, from, to, limit, cursor }, { transact }) {
    refuseBackwards(from, to)
    const after = activitiesCursor.read(cursor)
    const rows = await transact(async (tx) => {
      if (datasetId !== undefined) await needDataset(tx, datasetId)
      if (siteId !== undefined) await needSite(tx, siteId)
      return list(tx, { datasetId, siteId, from, to, after, atMost: limit + 1 })
    })
    const { items, ...more } = activitiesCursor.page(rows, limit, (row) => [row.occurred_on, row.id])
    return { activities: items.map(toActivity), ...more }
  },
})

/** @throws ToolFailure */
export function refuseBackwards(from: string | undefined, to: string | undefined): void {
  if (from !== undefined && to !== undefined && to < from) {
    throw contradiction('The last day (to) lies before the first (from). Swap them.')
  }
}
