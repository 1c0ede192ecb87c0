import { defineCatalog } from '@gatehouse/catalog'
import { demo } from './demo/demo.ts'
import { open, type Sustainability } from './domain.ts'
import { changes } from './events.ts'
import { applyImport } from './tools/apply-import.ts'
import { createActivity } from './tools/create-activity.ts'
import { createDashboard } from './tools/create-dashboard.ts'
import { createDashboardWidget } from './tools/create-dashboard-widget.ts'
import { createForm } from './tools/create-form.ts'
import { createSite } from './tools/create-site.ts'
import { getCurrentOrganization } from './tools/get-current-organization.ts'
import { getDashboard } from './tools/get-dashboard.ts'
import { getFormElements } from './tools/get-form-elements.ts'
import { getImport } from './tools/get-import.ts'
import { getMyProfile } from './tools/get-my-profile.ts'
import { getSubmissionValues } from './tools/get-submission-values.ts'
import { listActivities } from './tools/list-activities.ts'
import { listDashboards } from './tools/list-dashboards.ts'
import { listDatasets } from './tools/list-datasets.ts'
import { listEmissionFactors } from './tools/list-emission-factors.ts'
import { listFormDeployments } from './tools/list-form-deployments.ts'
import { listFormSubmissions } from './tools/list-form-submissions.ts'
import { listForms } from './tools/list-forms.ts'
import { listKpiIndicators } from './tools/list-kpi-indicators.ts'
import { listSites } from './tools/list-sites.ts'
import { listUsers } from './tools/list-users.ts'
import { previewImport } from './tools/preview-import.ts'
import { queryKpiData } from './tools/query-kpi-data.ts'
import { recalculateActivities } from './tools/recalculate-activities.ts'
import { updateActivity } from './tools/update-activity.ts'
import { updateDashboard } from './tools/update-dashboard.ts'
import { updateDashboardWidget } from './tools/update-dashboard-widget.ts'
import { updateForm } from './tools/update-form.ts'
import { updateMemberRole } from './tools/update-member-role.ts'
import { updateSite } from './tools/update-site.ts'

/** What an organisation emits: sites, forms, dashboards, KPIs, emission factors, activities and their imports. */
export const sustainability = defineCatalog<Sustainability>({
  name: 'sustainability',
  schema: { name: 'sustainability', role: 'gatehouse_mcp', migrations: new URL('../migrations/', import.meta.url) },
  asksDirectory: true,
  tools: [
    getMyProfile,
    getCurrentOrganization,
    listUsers,
    listSites,
    listForms,
    getFormElements,
    listFormDeployments,
    listFormSubmissions,
    getSubmissionValues,
    listDashboards,
    getDashboard,
    listDatasets,
    listKpiIndicators,
    queryKpiData,
    listEmissionFactors,
    listActivities,
    createForm,
    updateForm,
    createDashboard,
    updateDashboard,
    createDashboardWidget,
    updateDashboardWidget,
    previewImport,
    getImport,
    applyImport,
    createActivity,
    updateActivity,
    recalculateActivities,
    createSite,
    updateSite,
    updateMemberRole,
  ],
  resources: [],
  changes,
  open,
  demo,
})
