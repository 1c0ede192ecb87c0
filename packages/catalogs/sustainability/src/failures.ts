import { shownId, ToolFailure } from '@gatehouse/catalog'

const unknown =
  (what: string, code: string, whereTo: string) =>
  (id: string): ToolFailure =>
    // Another tenant's is as unknown as one that never was.
    new ToolFailure(
      `unknown_${code}`,
      `There is no ${what} with the ID ${shownId(id)} in this organization. ${whereTo} gives the IDs.`,
    )

export const unknownSite = unknown('site', 'site', 'list_sites')
export const unknownForm = unknown('form', 'form', 'list_forms')
export const unknownElement = unknown('element of this form', 'element', 'get_form_elements')
export const unknownDeployment = unknown('deployment', 'deployment', 'list_form_deployments')
export const unknownSubmission = unknown('submission', 'submission', 'list_form_submissions')
export const unknownDashboard = unknown('dashboard', 'dashboard', 'list_dashboards')
export const unknownWidget = unknown('widget', 'widget', 'get_dashboard')
export const unknownDataset = unknown('dataset', 'dataset', 'list_datasets')
export const unknownIndicator = unknown('KPI indicator', 'indicator', 'list_kpi_indicators')
export const unknownFactor = unknown('emission factor', 'factor', 'list_emission_factors')
export const unknownActivity = unknown('activity', 'activity', 'list_activities')
export const unknownImport = unknown('import', 'import', 'preview_import')
export const unknownUser = unknown('user', 'user', 'list_users')

export const nothingToUpdate = (fields: string): ToolFailure =>
  new ToolFailure('nothing_to_update', `Pass at least one of ${fields}; nothing was changed.`)

export const contradiction = (message: string): ToolFailure => new ToolFailure('contradiction', message)

export const siteArchived = (id: string): ToolFailure =>
  new ToolFailure(
    'site_archived',
    `The site ${shownId(id)} is archived: nothing new is recorded there. Take another, or have it activated with update_site.`,
  )

export const codeTaken = (code: string): ToolFailure =>
  new ToolFailure('code_taken', `Another site has the code ${shownId(code)}. Take another code, or update that site.`)

export const unitMismatch = (unit: string, factorUnit: string): ToolFailure =>
  new ToolFailure(
    'unit_mismatch',
    `The emission factor is per ${factorUnit}, and ${unit} does not convert into it. Pass the quantity in a fitting unit, or take another factor.`,
  )

/** It was deleted a moment ago. */
export const unknownOrganisation = (): ToolFailure =>
  new ToolFailure('unknown_organization', 'The organization is no longer known. Reconnect to take another.')
