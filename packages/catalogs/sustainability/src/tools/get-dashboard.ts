import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { findDashboard, listWidgets } from '../dashboards.store.ts'
import type { Sustainability } from '../domain.ts'
import { unknownDashboard } from '../failures.ts'
import { need } from '../require.ts'
import { dashboardFacts, toDashboard, toWidget, widgetFacts } from '../shapes.ts'
import { id } from '../vocabulary.ts'

export const getDashboard = defineTool<Sustainability>()({
  name: 'get_dashboard',
  title: 'Get a dashboard',
  description:
    'A dashboard with its widgets in their order. Returns what each shows. ' +
    'Not for the figures (query_kpi_data, list_activities).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({ dashboardId: id }),
  output: z.object({ dashboard: dashboardFacts, widgets: z.array(widgetFacts) }),
  run: ({ dashboardId }, { transact }) =>
    transact(async (tx) => {
      const dashboard = await need(dashboardId, (id) => findDashboard(tx, id), unknownDashboard)
      return { dashboard: toDashboard(dashboard), widgets: (await listWidgets(tx, dashboardId)).map(toWidget) }
    }),
})
