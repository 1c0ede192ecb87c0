import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { lockWidget, updateDashboard, updateWidget } from '../dashboards.store.ts'
import type { Sustainability } from '../domain.ts'
import { announce, DashboardUpdated } from '../events.ts'
import { nothingToUpdate, unknownWidget } from '../failures.ts'
import { need } from '../require.ts'
import { toWidget, widgetFacts } from '../shapes.ts'
import { id, widgetKind, words } from '../vocabulary.ts'
import { position, subjectOf } from './create-dashboard-widget.ts'

export const updateDashboardWidget = defineTool<Sustainability>()({
  name: 'update_dashboard_widget',
  title: 'Update a widget',
  description:
    'Change a widget of a dashboard; what is left out stays. Returns the widget as it is now. ' +
    'Not for adding one (create_dashboard_widget).',
  scopes: ['azalt:write:forms'],
  permissions: ['dashboards:write'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    widgetId: id.describe('From get_dashboard.'),
    title: words(200).optional(),
    kind: widgetKind.optional(),
    indicatorId: id.optional().describe('Shows this instead;'),
    datasetId: id.optional().describe('or this.'),
    position: position.optional(),
  }),
  output: widgetFacts,
  async run({ widgetId, title, kind, indicatorId, datasetId, position }, { transact, ...call }) {
    if ([title, kind, indicatorId, datasetId, position].every((value) => value === undefined)) {
      throw nothingToUpdate('title, kind, indicatorId, datasetId, position')
    }
    return transact(async (tx) => {
      const before = await need(widgetId, (id) => lockWidget(tx, id), unknownWidget)
      const shown =
        indicatorId === undefined && datasetId === undefined ? {} : await subjectOf(tx, { indicatorId, datasetId })
      const widget = {
        ...before,
        title: title ?? before.title,
        kind: kind ?? before.kind,
        position: position ?? before.position,
        ...shown,
      }
      await updateWidget(tx, widget)
      await updateDashboard(tx, before.dashboard_id, {}, call.now)
      await announce(tx, call, DashboardUpdated, {
        dashboardId: before.dashboard_id,
        widgetId,
        by: call.principal.subject,
      })
      return toWidget(widget)
    })
  },
})
