import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import { insertDashboard } from '../dashboards.store.ts'
import type { Sustainability } from '../domain.ts'
import { announce, DashboardCreated } from '../events.ts'
import { dashboardFacts, toDashboard } from '../shapes.ts'
import { text, words } from '../vocabulary.ts'

export const createDashboard = defineTool<Sustainability>()({
  name: 'create_dashboard',
  title: 'Create a dashboard',
  description:
    'Make an empty dashboard, seen by everybody in the organization. Returns it with its ID. ' +
    'Fill it with create_dashboard_widget. Not for changing one (update_dashboard).',
  scopes: ['azalt:write:forms'],
  permissions: ['dashboards:write'],
  effect: 'writes',
  input: z.strictObject({ name: words(200), description: text(2_000).default('') }),
  output: dashboardFacts,
  async run({ name, description }, { transact, ...call }) {
    const id = newId('dsh')
    const by = call.principal.subject
    return transact(async (tx) => {
      const dashboard = await insertDashboard(tx, { id, name, description, by }, call.now)
      await announce(tx, call, DashboardCreated, { dashboardId: id, by })
      return toDashboard(dashboard)
    })
  },
})
