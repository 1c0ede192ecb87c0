import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { dashboardsCursor } from '../cursors.ts'
import { listDashboards as list } from '../dashboards.store.ts'
import type { Sustainability } from '../domain.ts'
import { dashboardFacts, nextCursor, toDashboard } from '../shapes.ts'
import { limit } from '../vocabulary.ts'

export const listDashboards = defineTool<Sustainability>()({
  name: 'list_dashboards',
  title: 'List dashboards',
  description:
    'The dashboards of the organization, latest change first. Returns dashboards with their IDs. Not for their widgets (get_dashboard).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({ limit, cursor: cursorField }),
  output: z.object({ dashboards: z.array(dashboardFacts), nextCursor }),
  async run({ limit, cursor }, { transact }) {
    const after = dashboardsCursor.read(cursor)
    const rows = await transact((tx) => list(tx, { after, atMost: limit + 1 }))
    const { items, ...more } = dashboardsCursor.page(rows, limit, (row) => [row.updated_at.toISOString(), row.id])
    return { dashboards: items.map(toDashboard), ...more }
  },
})
