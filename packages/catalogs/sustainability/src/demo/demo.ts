import { createHash } from 'node:crypto'
import type { DemoTenant } from '@gatehouse/catalog'
import type { Database } from '@gatehouse/database'
import {
  type DemoActivity,
  type DemoRow,
  hasSites,
  insertDemoActivities,
  insertDemoRows,
  TABLES,
  type Table,
} from './demo.store.ts'
import { factorLibrary, type Library, type Story, storyOf } from './story.ts'

const DAY = 86_400_000
/** Whole months that lie behind: of activities, of indicators, of answers. */
const MONTHS = { activities: 12, points: 24, deployments: 3 }

/**
 * Fills a tenant that has no site yet, in one transaction and without events: it is the state that a story starts from. Ids are made from
 * the texts, so that two processes that start at once write the same rows.
 */
export async function demo(deps: { readonly db: Database; readonly now: Date }, tenant: DemoTenant): Promise<void> {
  const { tables, activities } = demoRows(storyOf(tenant.slug), factorLibrary(), tenant, deps.now)
  await deps.db.asTenant(tenant.id, async (tx) => {
    if (await hasSites(tx)) return
    for (const table of TABLES) await insertDemoRows(tx, table, tables[table])
    await insertDemoActivities(tx, activities)
  })
}

export interface DemoRows {
  readonly tables: Readonly<Record<Table, readonly DemoRow[]>>
  readonly activities: readonly DemoActivity[]
}

/** The rows of a story, its months counted back from now. Pure. */
export function demoRows(story: Story, library: Library, tenant: DemoTenant, now: Date): DemoRows {
  const id = (kind: string, ...parts: readonly string[]) =>
    `${kind}_${digest(tenant.id, kind, ...parts)
      .toString('hex')
      .slice(0, 32)}`
  const siteId = (code: string) => id('sit', code)
  const factorId = (code: string) => id('fac', code)
  const by = cast(tenant)
  const ago = (days: number) => new Date(now.getTime() - days * DAY)

  const activities = story.datasets.flatMap((dataset) =>
    dataset.lines.flatMap((line) =>
      monthsBefore(now, MONTHS.activities).map((month, index) => ({
        id: id('act', dataset.name, line.site, line.what, month),
        dataset_id: id('dst', dataset.name),
        site_id: siteId(line.site),
        occurred_on: lastDayOf(month),
        description: line.what,
        quantity: rounded(line.quantity * season(dataset.category, month) * wobble(line.what, month)),
        unit: line.unit,
        factor_id: factorId(line.factor),
        created_by: by('member'),
        created_at: ago(30 * (MONTHS.activities - index) - 25),
      })),
    ),
  )
  const published = story.forms.flatMap((form) =>
    form.sent.flatMap((site) =>
      monthsBefore(now, MONTHS.deployments).map((month, index) => ({
        form,
        site,
        month,
        latest: index === MONTHS.deployments - 1,
      })),
    ),
  )
  const deploymentId = (form: string, site: string, month: string) => id('dpl', form, site, month)
  const submissionId = (form: string, site: string, month: string) => id('sub', form, site, month)
  const answered = published.filter(({ site, latest }) => !latest || digest(site).readUInt8(0) % 2 === 0)

  return {
    tables: {
      sites: story.sites.map((site) => ({
        id: siteId(site.code),
        code: site.code,
        name: site.name,
        kind: site.kind,
        country: site.country,
        city: site.city,
        floor_area_m2: site.area,
        status: site.archived ? 'archived' : 'active',
        created_at: ago(700),
        updated_at: ago(60),
      })),
      emission_factors: Object.entries(library).flatMap(([category, factors]) =>
        Object.entries(factors ?? {}).map(([code, factor]) => ({
          id: factorId(code),
          code,
          name: factor.name,
          category,
          ghg_scope: factor.scope,
          region: factor.region,
          year: factor.year,
          source: 'Demo values, rounded averages',
          unit: factor.unit,
          kg_co2e: factor.kg,
          updated_at: ago(200),
        })),
      ),
      forms: story.forms.map((form, index) => ({
        id: id('frm', form.name),
        name: form.name,
        description: form.about,
        status: form.status,
        created_by: by('admin'),
        created_at: ago(400),
        updated_at: ago(20 + 9 * index),
      })),
      form_elements: story.forms.flatMap((form) =>
        form.elements.map((element, position) => ({
          id: id('elm', form.name, element.label),
          form_id: id('frm', form.name),
          position,
          label: element.label,
          kind: element.kind,
          unit: element.unit,
          required: element.required,
          options: element.options,
        })),
      ),
      form_deployments: published.map(({ form, site, month, latest }) => ({
        id: deploymentId(form.name, site, month),
        form_id: id('frm', form.name),
        site_id: siteId(site),
        period_start: `${month}-01`,
        period_end: lastDayOf(month),
        due_on: `${nextMonth(month)}-10`,
        status: latest ? 'open' : 'closed',
        submission_count: answered.some((one) => one.form === form && one.site === site && one.month === month) ? 1 : 0,
      })),
      form_submissions: answered.map(({ form, site, month, latest }) => ({
        id: submissionId(form.name, site, month),
        deployment_id: deploymentId(form.name, site, month),
        form_id: id('frm', form.name),
        site_id: siteId(site),
        status: latest ? 'submitted' : 'approved',
        submitted_by: by(digest(site, month).readUInt8(1) % 2 === 0 ? 'member' : 'consultant'),
        submitted_at: earlier(submittedAt(form.name, site, month), ago(0.1)),
      })),
      submission_values: answered.flatMap(({ form, site, month }) =>
        form.elements
          .filter(({ typical }) => typical !== '')
          .map((element) => ({
            submission_id: submissionId(form.name, site, month),
            element_id: id('elm', form.name, element.label),
            value: answerOf(element, `${site} ${month}`),
          })),
      ),
      kpi_indicators: story.indicators.map((indicator) => ({
        id: id('kpi', indicator.code),
        code: indicator.code,
        name: indicator.name,
        description: '',
        unit: indicator.unit,
        direction: indicator.direction,
        aggregation: indicator.aggregation,
        target: indicator.target,
        target_year: indicator.year,
      })),
      kpi_points: story.indicators.flatMap((indicator) =>
        monthsBefore(now, MONTHS.points).map((month, index) => ({
          indicator_id: id('kpi', indicator.code),
          site_id: null,
          month: `${month}-01`,
          value: rounded(indicator.start * (1 + indicator.change) ** (index / 12) * wobble(indicator.code, month)),
        })),
      ),
      datasets: story.datasets.map((dataset) => ({
        id: id('dst', dataset.name),
        name: dataset.name,
        description: dataset.about,
        category: dataset.category,
        activity_count: dataset.lines.length * MONTHS.activities,
        created_at: ago(600),
        updated_at: ago(5),
      })),
      dashboards: story.dashboards.map((dashboard, index) => ({
        id: id('dsh', dashboard.name),
        name: dashboard.name,
        description: dashboard.about,
        widget_count: dashboard.widgets.length,
        created_by: by('admin'),
        created_at: ago(300),
        updated_at: ago(11 + index),
      })),
      dashboard_widgets: story.dashboards.flatMap((dashboard) =>
        dashboard.widgets.map((widget, position) => ({
          id: id('wdg', dashboard.name, widget.title),
          dashboard_id: id('dsh', dashboard.name),
          position,
          title: widget.title,
          kind: widget.kind,
          indicator_id: widget.of === 'kpi' ? id('kpi', widget.subject) : null,
          dataset_id: widget.of === 'data' ? id('dst', widget.subject) : null,
        })),
      ),
    },
    activities,
  }
}

/** Some working morning of the month after. */
const submittedAt = (form: string, site: string, month: string): Date =>
  new Date(
    Date.parse(`${nextMonth(month)}-01T09:10:00Z`) + (digest(form, site, month).readUInt16BE(2) % 8_000) * 60_000,
  )

const earlier = (one: Date, other: Date): Date => (one < other ? one : other)

/** Who plays a part: the consultant is known by the address, others by their role; a part nobody has goes to the first person. */
function cast(tenant: DemoTenant): (part: 'member' | 'admin' | 'consultant') => string {
  return (part) => {
    const found =
      part === 'consultant'
        ? tenant.people.find(({ email }) => email.startsWith('consultant@'))
        : tenant.people.find(({ role, email }) => role === part && !email.startsWith('consultant@'))
    return (found ?? tenant.people.find(({ role }) => role === 'member') ?? tenant.people[0])?.id ?? part
  }
}

function answerOf(element: Story['forms'][number]['elements'][number], of: string): string | number | boolean {
  if (element.kind === 'number') return rounded(Number(element.typical) * wobble(element.label, of))
  return element.kind === 'boolean' ? element.typical === 'true' : element.typical
}

const digest = (...parts: readonly string[]) => createHash('sha256').update(JSON.stringify(parts)).digest()

/** Between 0.93 and 1.07, always the same for the same words. */
const wobble = (...parts: readonly string[]) => 0.93 + (digest(...parts).readUInt16BE(0) / 65_535) * 0.14

/** Heat is used in winter. */
function season(category: string, month: string): number {
  if (category !== 'heat') return 1
  return 0.55 + 0.5 * (1 + Math.cos(((Number(month.slice(5)) - 1) / 12) * 2 * Math.PI))
}

const rounded = (value: number): number => (value >= 20 ? Math.round(value) : Math.round(value * 100) / 100)

/** The last whole months before a time, oldest first: `2026-02`. */
function monthsBefore(now: Date, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => {
    const first = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - count + index, 1))
    return first.toISOString().slice(0, 7)
  })
}

const nextMonth = (month: string): string =>
  new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 1)).toISOString().slice(0, 7)

const lastDayOf = (month: string): string =>
  new Date(Date.UTC(Number(month.slice(0, 4)), Number(month.slice(5)), 0)).toISOString().slice(0, 10)
