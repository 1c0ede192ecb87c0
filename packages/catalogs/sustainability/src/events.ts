import { announceIn, type Change, onEvent } from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { z } from 'zod'

/** Subject of the person, key or service that did it. */
const by = z.string()

const site = z.object({ siteId: z.string(), by })
const form = z.object({ formId: z.string(), by })
const dashboard = z.object({ dashboardId: z.string(), widgetId: z.string().optional(), by })
const activity = z.object({ activityId: z.string(), datasetId: z.string(), siteId: z.string(), by })

export const SiteCreated = defineEvent('site.created', 1, site)
export const SiteUpdated = defineEvent('site.updated', 1, site)
export const FormCreated = defineEvent('form.created', 1, form)
export const FormUpdated = defineEvent('form.updated', 1, form)
export const DashboardCreated = defineEvent('dashboard.created', 1, dashboard)
/** The dashboard, or the widget that is named. */
export const DashboardUpdated = defineEvent('dashboard.updated', 1, dashboard)
export const ActivityCreated = defineEvent('activity.created', 1, activity)
export const ActivityUpdated = defineEvent('activity.updated', 1, activity)
/** The emissions of so many activities changed, of one dataset or of several. */
export const ActivitiesRecalculated = defineEvent(
  'activity.recalculated',
  1,
  z.object({ datasetId: z.string().nullable(), changed: z.number().int(), by }),
)
export const ImportApplied = defineEvent(
  'import.applied',
  1,
  z.object({ importId: z.string(), datasetId: z.string(), activities: z.number().int(), by }),
)

/** No event makes a resource stale, since there is none: they are for services of the company's own. */
const heardElsewhere = () => []

export const changes: readonly Change[] = [
  onEvent(SiteCreated, heardElsewhere),
  onEvent(SiteUpdated, heardElsewhere),
  onEvent(FormCreated, heardElsewhere),
  onEvent(FormUpdated, heardElsewhere),
  onEvent(DashboardCreated, heardElsewhere),
  onEvent(DashboardUpdated, heardElsewhere),
  onEvent(ActivityCreated, heardElsewhere),
  onEvent(ActivityUpdated, heardElsewhere),
  onEvent(ActivitiesRecalculated, heardElsewhere),
  onEvent(ImportApplied, heardElsewhere),
]

export const announce = announceIn('sustainability')
