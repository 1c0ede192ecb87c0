import { defineTool, newId } from '@gatehouse/catalog'
import type { Tx } from '@gatehouse/database'
import { z } from 'zod'
import { insertWidget, lockDashboard, updateDashboard, WIDGETS_MAX } from '../dashboards.store.ts'
import type { Sustainability } from '../domain.ts'
import { announce, DashboardUpdated } from '../events.ts'
import { contradiction, unknownDashboard } from '../failures.ts'
import { need, needDataset, needIndicator } from '../require.ts'
import { toWidget, widgetFacts } from '../shapes.ts'
import { id, widgetKind, words } from '../vocabulary.ts'

export const position = z.number().int().min(0).max(999)

export const createDashboardWidget = defineTool<Sustainability>()({
  name: 'create_dashboard_widget',
  title: 'Add a widget',
  description:
    'Put a widget on a dashboard that shows one KPI indicator or one dataset. Returns the widget with its ID. ' +
    'Not for changing one (update_dashboard_widget).',
  scopes: ['azalt:write:forms'],
  permissions: ['dashboards:write'],
  effect: 'writes',
  input: z.strictObject({
    dashboardId: id.describe('From list_dashboards.'),
    title: words(200),
    kind: widgetKind,
    indicatorId: id.optional().describe('Either this'),
    datasetId: id.optional().describe('or this.'),
    position: position.optional().describe('Order on the page; default: last.'),
  }),
  output: widgetFacts,
  async run({ dashboardId, title, kind, position, ...shown }, { transact, ...call }) {
    const id = newId('wdg')
    return transact(async (tx) => {
      const dashboard = await need(dashboardId, (id) => lockDashboard(tx, id), unknownDashboard)
      if (dashboard.widget_count >= WIDGETS_MAX) {
        throw contradiction(
          `The dashboard has ${WIDGETS_MAX} widgets already, which is the most. Make another dashboard.`,
        )
      }
      const widget = await insertWidget(tx, {
        id,
        dashboard_id: dashboardId,
        position: position ?? dashboard.widget_count,
        title,
        kind,
        ...(await subjectOf(tx, shown)),
      })
      await updateDashboard(tx, dashboardId, { more: 1 }, call.now)
      await announce(tx, call, DashboardUpdated, { dashboardId, widgetId: id, by: call.principal.subject })
      return toWidget(widget)
    })
  },
})

/** What a widget shows: exactly one thing that is there. @throws ToolFailure */
export async function subjectOf(
  tx: Tx,
  { indicatorId, datasetId }: { readonly indicatorId?: string | undefined; readonly datasetId?: string | undefined },
): Promise<{ readonly indicator_id: string | null; readonly dataset_id: string | null }> {
  if ((indicatorId === undefined) === (datasetId === undefined)) {
    throw contradiction('A widget shows one thing: pass either indicatorId or datasetId. Nothing was changed.')
  }
  if (indicatorId !== undefined) await needIndicator(tx, indicatorId)
  if (datasetId !== undefined) await needDataset(tx, datasetId)
  return { indicator_id: indicatorId ?? null, dataset_id: datasetId ?? null }
}
