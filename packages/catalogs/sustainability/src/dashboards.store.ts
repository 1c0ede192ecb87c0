import { sql, type Tx } from '@gatehouse/database'
import type { WidgetKind } from './vocabulary.ts'
import { every, when } from './where.ts'

export interface DashboardRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly widget_count: number
  readonly updated_at: Date
}

export interface WidgetRow {
  readonly id: string
  readonly dashboard_id: string
  readonly position: number
  readonly title: string
  readonly kind: WidgetKind
  readonly indicator_id: string | null
  readonly dataset_id: string | null
}

/** What the tables allow, and as many as a page can show. */
export const WIDGETS_MAX = 50

const columns = sql`id, name, description, widget_count, updated_at`
const widgetColumns = sql`id, dashboard_id, position, title, kind, indicator_id, dataset_id`

/** Latest change first. */
export function listDashboards(
  tx: Tx,
  of: { readonly after?: readonly [string, string] | undefined; readonly atMost: number },
): Promise<DashboardRow[]> {
  return tx.rows<DashboardRow>(sql`
    select ${columns} from sustainability.dashboards
    where ${every(when(of.after, ([at, id]) => sql`updated_at <= ${at} and (updated_at < ${at} or id > ${id})`))}
    order by updated_at desc, id limit ${of.atMost}`)
}

export function findDashboard(tx: Tx, id: string): Promise<DashboardRow | undefined> {
  return tx.maybe<DashboardRow>(sql`select ${columns} from sustainability.dashboards where id = ${id}`)
}

/** The same, held until the transaction ends. */
export function lockDashboard(tx: Tx, id: string): Promise<DashboardRow | undefined> {
  return tx.maybe<DashboardRow>(sql`select ${columns} from sustainability.dashboards where id = ${id} for update`)
}

export function insertDashboard(
  tx: Tx,
  dashboard: { readonly id: string; readonly name: string; readonly description: string; readonly by: string },
  now: Date,
): Promise<DashboardRow> {
  return tx.one<DashboardRow>(sql`
    insert into sustainability.dashboards (id, name, description, created_by, created_at, updated_at)
    values (${dashboard.id}, ${dashboard.name}, ${dashboard.description}, ${dashboard.by}, ${now}, ${now})
    returning ${columns}`)
}

export function updateDashboard(
  tx: Tx,
  id: string,
  to: { readonly name?: string | undefined; readonly description?: string | undefined; readonly more?: number },
  now: Date,
): Promise<DashboardRow | undefined> {
  return tx.maybe<DashboardRow>(sql`
    update sustainability.dashboards
    set name = coalesce(${to.name ?? null}, name), description = coalesce(${to.description ?? null}, description),
      widget_count = widget_count + ${to.more ?? 0}::integer, updated_at = greatest(updated_at, ${now})
    where id = ${id} returning ${columns}`)
}

export function listWidgets(tx: Tx, dashboardId: string): Promise<WidgetRow[]> {
  return tx.rows<WidgetRow>(sql`
    select ${widgetColumns} from sustainability.dashboard_widgets
    where dashboard_id = ${dashboardId} order by position, id`)
}

export function insertWidget(tx: Tx, widget: WidgetRow): Promise<WidgetRow> {
  return tx.one<WidgetRow>(sql`
    insert into sustainability.dashboard_widgets (${widgetColumns})
    values (${widget.id}, ${widget.dashboard_id}, ${widget.position}, ${widget.title}, ${widget.kind},
      ${widget.indicator_id}, ${widget.dataset_id})
    returning ${widgetColumns}`)
}

export function lockWidget(tx: Tx, id: string): Promise<WidgetRow | undefined> {
  return tx.maybe<WidgetRow>(sql`
    select ${widgetColumns} from sustainability.dashboard_widgets where id = ${id} for update`)
}

/** One that this transaction holds. */
export function updateWidget(tx: Tx, widget: WidgetRow): Promise<number> {
  return tx.run(sql`
    update sustainability.dashboard_widgets
    set position = ${widget.position}, title = ${widget.title}, kind = ${widget.kind},
      indicator_id = ${widget.indicator_id}, dataset_id = ${widget.dataset_id}
    where id = ${widget.id}`)
}
