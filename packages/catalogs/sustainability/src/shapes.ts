import type { OrganisationFacts } from '@gatehouse/contracts'
import { z } from 'zod'
import type { ActivityRow } from './activities.store.ts'
import type { DashboardRow, WidgetRow } from './dashboards.store.ts'
import type { ElementRow, FormRow } from './forms.store.ts'
import type { ImportRow } from './imports/imports.store.ts'
import type { SiteRow } from './sites.store.ts'
import { formStatus, importStatus, siteStatus } from './vocabulary.ts'

export const nextCursor = z.string().optional()
export const updatedAt = z.string()

export const organisationFacts = z.object({
  id: z.string(),
  slug: z.string(),
  name: z.string(),
  plan: z.string(),
})

export const toOrganisation = ({ id, slug, name, plan }: OrganisationFacts): z.input<typeof organisationFacts> => ({
  id,
  slug,
  name,
  plan,
})

export const siteFacts = z.object({
  id: z.string(),
  code: z.string(),
  name: z.string(),
  kind: z.string(),
  country: z.string(),
  city: z.string(),
  floorAreaM2: z.number().nullable(),
  status: siteStatus,
})

export const toSite = (row: SiteRow): z.input<typeof siteFacts> => ({
  id: row.id,
  code: row.code,
  name: row.name,
  kind: row.kind,
  country: row.country,
  city: row.city,
  floorAreaM2: row.floor_area_m2,
  status: row.status,
})

export const formFacts = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  status: formStatus,
  updatedAt,
})

export const toForm = (row: FormRow): z.input<typeof formFacts> => ({
  id: row.id,
  name: row.name,
  description: row.description,
  status: row.status,
  updatedAt: row.updated_at.toISOString(),
})

/** A form after a change. */
export const formOutcome = z.object({
  formId: z.string(),
  status: z.string(),
  elementIds: z.array(z.string()).describe('In order.'),
})

export const elementFacts = z.object({
  id: z.string(),
  label: z.string(),
  kind: z.string(),
  unit: z.string().nullable(),
  required: z.boolean(),
  options: z.array(z.string()),
})

export const toElement = (row: ElementRow): z.input<typeof elementFacts> => ({
  id: row.id,
  label: row.label,
  kind: row.kind,
  unit: row.unit,
  required: row.required,
  options: [...row.options],
})

export const dashboardFacts = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  widgetCount: z.number(),
  updatedAt,
})

export const toDashboard = (row: DashboardRow): z.input<typeof dashboardFacts> => ({
  id: row.id,
  name: row.name,
  description: row.description,
  widgetCount: row.widget_count,
  updatedAt: row.updated_at.toISOString(),
})

export const widgetFacts = z.object({
  id: z.string(),
  position: z.number(),
  title: z.string(),
  kind: z.string(),
  indicatorId: z.string().nullable(),
  datasetId: z.string().nullable(),
})

export const toWidget = (row: WidgetRow): z.input<typeof widgetFacts> => ({
  id: row.id,
  position: row.position,
  title: row.title,
  kind: row.kind,
  indicatorId: row.indicator_id,
  datasetId: row.dataset_id,
})

export const activityFacts = z.object({
  id: z.string(),
  datasetId: z.string(),
  siteId: z.string(),
  date: z.string(),
  description: z.string(),
  quantity: z.number(),
  unit: z.string(),
  factorId: z.string().nullable(),
  factorKgCo2e: z.number().nullable().describe('Value of the factor, per its unit, when last calculated.'),
  co2eKg: z.number().nullable().describe('Null: not known, since there is no factor.'),
})

export const toActivity = (row: ActivityRow): z.input<typeof activityFacts> => ({
  id: row.id,
  datasetId: row.dataset_id,
  siteId: row.site_id,
  date: row.occurred_on,
  description: row.description,
  quantity: row.quantity,
  unit: row.unit,
  factorId: row.factor_id,
  factorKgCo2e: row.factor_kg_co2e,
  co2eKg: row.co2e_kg,
})

export const importFacts = z.object({
  importId: z.string(),
  datasetId: z.string(),
  status: importStatus,
  fileName: z.string(),
  validRows: z.number().describe('Rows that can be applied.'),
  errorRows: z.number(),
  errors: z.array(z.string()).describe('The first faults, by line and column.'),
  co2eKg: z.number().describe('Of the valid rows.'),
  expiresAt: z.string().describe('Apply before.'),
})

export const toImport = (row: ImportRow): z.input<typeof importFacts> => ({
  importId: row.id,
  datasetId: row.dataset_id,
  status: row.status,
  fileName: row.file_name,
  validRows: row.totals.rows,
  errorRows: row.error_rows,
  errors: row.errors.map(
    ({ line, column, problem }) => `line ${line}${column === null ? '' : `, ${column}`}: ${problem}`,
  ),
  co2eKg: row.totals.co2eKg,
  expiresAt: row.expires_at.toISOString(),
})
