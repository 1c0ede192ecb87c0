import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { updateDashboard as update } from '../dashboards.store.ts'
import type { Sustainability } from '../domain.ts'
import { announce, DashboardUpdated } from '../events.ts'
import { nothingToUpdate, unknownDashboard } from '../failures.ts'
import { need } from '../require.ts'
import { dashboardFacts, toDashboard } from '../shapes.ts'
import { id, text, words } from '../vocabulary.ts'

export const updateDashboard = defineTool<Sustainability>()({
  name: 'update_dashboard',
  title: 'Update a dashboard',
  description:
    'Change name or description of a dashboard; what is left out stays. Returns it as it is now. ' +
    'Not for its widgets (update_dashboard_widget).',
  scopes: ['azalt:write:forms'],
  permissions: ['dashboards:write'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    dashboardId: id.describe('From list_dashboards.'),
    name: words(200).optional(),
    description: text(2_000).optional(),
  }),
  output: dashboardFacts,
  async run({ dashboardId, name, description }, { transact, ...call }) {
    if (name === undefined && description === undefined) throw nothingToUpdate('name, description')
    return transact(async (tx) => {
      const dashboard = await need(
        dashboardId,
        (id) => update(tx, id, { name, description }, call.now),
        unknownDashboard,
      )
      await announce(tx, call, DashboardUpdated, { dashboardId, by: call.principal.subject })
      return toDashboard(dashboard)
    })
  },
})
