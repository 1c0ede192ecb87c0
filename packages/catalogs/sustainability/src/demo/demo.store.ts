import { ident, join, json, sql, type Tx } from '@gatehouse/database'
import { emissions } from '../activities.store.ts'

/** Tables that a story fills, in the order in which rows rest on each other. */
export const TABLES = [
  'sites',
  'emission_factors',
  'forms',
  'form_elements',
  'form_deployments',
  'form_submissions',
  'submission_values',
  'kpi_indicators',
  'kpi_points',
  'datasets',
  'dashboards',
  'dashboard_widgets',
] as const
export type Table = (typeof TABLES)[number]

export type DemoRow = Readonly<Record<string, unknown>>

export interface DemoActivity {
  readonly id: string
  readonly dataset_id: string
  readonly site_id: string
  readonly occurred_on: string
  readonly description: string
  readonly quantity: number
  readonly unit: string
  readonly factor_id: string
  readonly created_by: string
  readonly created_at: Date
}

export async function hasSites(tx: Tx): Promise<boolean> {
  return (await tx.one<{ found: boolean }>(sql`select exists (select from sustainability.sites) as found`)).found
}

/** Rows as the table has them, all with the same columns, in one statement. */
export async function insertDemoRows(tx: Tx, table: Table, rows: readonly DemoRow[]): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  const name = ident(`sustainability.${table}`)
  const columns = join(Object.keys(first).map(ident), ', ')
  await tx.run(sql`
    insert into ${name} (${columns})
    select ${columns} from jsonb_populate_recordset(null::${name}, ${json(rows)}::jsonb)
    on conflict do nothing`)
}

/** With their emissions. */
export async function insertDemoActivities(tx: Tx, rows: readonly DemoActivity[]): Promise<void> {
  await tx.run(sql`
    insert into sustainability.activities (id, dataset_id, site_id, occurred_on, description, quantity, unit, factor_id,
      factor_kg_co2e, co2e_kg, calculated_at, created_by, created_at, updated_at)
    select r.id, r.dataset_id, r.site_id, r.occurred_on, r.description, r.quantity, r.unit, f.id, f.kg_co2e,
      ${emissions(sql`r.quantity`, sql`r.unit`, sql`f.unit`, sql`f.kg_co2e`)}, r.created_at, r.created_by, r.created_at, r.created_at
    from jsonb_to_recordset(${json(rows)}::jsonb) as r (id text, dataset_id text, site_id text, occurred_on date,
      description text, quantity numeric, unit text, factor_id text, created_by text, created_at timestamptz)
    join sustainability.emission_factors f on f.id = r.factor_id
    on conflict do nothing`)
}
