import { json, sql, type Tx } from '@gatehouse/database'
import { emissions } from '../activities.store.ts'
import type { JudgedRow, RowFault } from './judge-row.ts'

export interface ImportRow {
  readonly id: string
  readonly dataset_id: string
  readonly file_name: string
  readonly status: 'previewed' | 'applied'
  readonly row_count: number
  readonly error_rows: number
  readonly errors: readonly RowFault[]
  readonly totals: Totals
  readonly created_by: string
  readonly expires_at: Date
}

/** Of the rows that can be applied. */
export interface Totals {
  readonly rows: number
  readonly co2eKg: number
}

const columns = sql`id, dataset_id, file_name, status, row_count, error_rows, errors, totals, created_by, expires_at`

/** An import with the same text that was applied to the dataset, the latest. */
export async function appliedBefore(tx: Tx, datasetId: string, sha256: string): Promise<string | undefined> {
  const found = await tx.maybe<{ id: string }>(sql`
    select id from sustainability.imports
    where dataset_id = ${datasetId} and content_sha256 = ${sha256} and status = 'applied'
    order by applied_at desc limit 1`)
  return found?.id
}

export function insertImport(
  tx: Tx,
  of: {
    readonly id: string
    readonly datasetId: string
    readonly fileName: string
    readonly sha256: string
    readonly rowCount: number
    readonly errorRows: number
    readonly errors: readonly RowFault[]
    readonly by: string
    readonly expiresAt: Date
  },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    insert into sustainability.imports (id, dataset_id, file_name, content_sha256, status, row_count, error_rows, errors,
      totals, created_by, created_at, expires_at)
    values (${of.id}, ${of.datasetId}, ${of.fileName}, ${of.sha256}, 'previewed', ${of.rowCount}, ${of.errorRows},
      ${json(of.errors)}::jsonb, '{}', ${of.by}, ${now}, ${of.expiresAt})`)
}

/** Rows with their emissions, by the factors as they are now. */
export function insertRows(tx: Tx, importId: string, rows: readonly JudgedRow[]): Promise<number> {
  return tx.run(sql`
    insert into sustainability.import_rows (import_id, line, site_id, occurred_on, quantity, unit, factor_id,
      factor_kg_co2e, co2e_kg, description)
    select ${importId}, r.line, r.site_id, r.occurred_on, r.quantity, r.unit, f.id, f.kg_co2e,
      ${emissions(sql`r.quantity`, sql`r.unit`, sql`f.unit`, sql`f.kg_co2e`)}, r.description
    from jsonb_to_recordset(${json(rows)}::jsonb) as r (line integer, site_id text, occurred_on date, quantity numeric,
      unit text, factor_id text, description text)
    join sustainability.emission_factors f on f.id = r.factor_id`)
}

/** Adds the rows up, once all are there. */
export function sumUp(tx: Tx, importId: string): Promise<ImportRow> {
  return tx.one<ImportRow>(sql`
    update sustainability.imports set totals = (
      select jsonb_build_object('rows', count(*), 'co2eKg', coalesce(sum(co2e_kg), 0)::float8)
      from sustainability.import_rows where import_id = ${importId}
    )
    where id = ${importId} returning ${columns}`)
}

/** Of one person the latest stay, and of the tenant those that can still be applied. Rows go with their import. */
export function forgetPreviews(tx: Tx, by: string, kept: number, now: Date): Promise<number> {
  return tx.run(sql`
    delete from sustainability.imports
    where status = 'previewed' and (expires_at <= ${now} or id in (
      select id from sustainability.imports where created_by = ${by} and status = 'previewed'
      order by created_at desc, id offset ${kept}))`)
}

export function findImport(tx: Tx, id: string): Promise<ImportRow | undefined> {
  return tx.maybe<ImportRow>(sql`select ${columns} from sustainability.imports where id = ${id}`)
}

/** The same, held until the transaction ends: of many who apply it at once, one finds it `previewed`. */
export function lockImport(tx: Tx, id: string): Promise<ImportRow | undefined> {
  return tx.maybe<ImportRow>(sql`select ${columns} from sustainability.imports where id = ${id} for update`)
}

/** Whether what was shown no longer holds: a factor has another value, or a site is archived. */
export async function isStale(tx: Tx, importId: string): Promise<boolean> {
  const { stale } = await tx.one<{ stale: boolean }>(sql`
    select exists (
      select from sustainability.import_rows r
      join sustainability.emission_factors f on f.id = r.factor_id
      join sustainability.sites s on s.id = r.site_id
      where r.import_id = ${importId} and (f.kg_co2e <> r.factor_kg_co2e or s.status <> 'active')
    ) as stale`)
  return stale
}

/** Turns so many rows after a line into activities. @returns the last line that was taken, and how many */
export function applyRows(
  tx: Tx,
  of: { readonly importId: string; readonly datasetId: string; readonly by: string },
  after: number,
  atMost: number,
  now: Date,
): Promise<{ readonly line: number | null; readonly count: number }> {
  return tx.one(sql`
    with taken as (
      select * from sustainability.import_rows where import_id = ${of.importId} and line > ${after} order by line limit ${atMost}
    ), made as (
      insert into sustainability.activities (id, dataset_id, site_id, occurred_on, description, quantity, unit, factor_id,
        factor_kg_co2e, co2e_kg, calculated_at, import_id, created_by, created_at, updated_at)
      select 'act_' || replace(gen_random_uuid()::text, '-', ''), ${of.datasetId}, site_id, occurred_on, description, quantity,
        unit, factor_id, factor_kg_co2e, co2e_kg, ${now}::timestamptz, import_id, ${of.by}, ${now}::timestamptz, ${now}::timestamptz
      from taken
      returning 1
    )
    select (select max(line) from taken) as line, count(*)::int as count from made`)
}

/** One that this transaction holds. The rows are activities now. */
export async function markApplied(tx: Tx, id: string, by: string, now: Date): Promise<ImportRow> {
  await tx.run(sql`delete from sustainability.import_rows where import_id = ${id}`)
  return tx.one<ImportRow>(sql`
    update sustainability.imports set status = 'applied', applied_at = ${now}, applied_by = ${by}
    where id = ${id} returning ${columns}`)
}
