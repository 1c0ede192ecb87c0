import { sql, type Tx } from '@gatehouse/database'
import { where } from './assessments.store.ts'
import type { ReportFormat } from './vocabulary.ts'

export interface ReportRow {
  readonly id: string
  readonly assessment_id: string
  readonly assessment_name: string
  readonly framework: string
  readonly score: number
  readonly version: number
  readonly title: string
  readonly format: ReportFormat
  readonly pages: number
  readonly size_bytes: number
  readonly sha256: string
  readonly generated_by: string
  readonly generated_at: Date
}

/** Final reports of finalized assessments, latest first. */
export function listReports(
  tx: Tx,
  of: {
    readonly assessmentId?: string | undefined
    /** Generated at and id of the last row of the page before. */
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
): Promise<ReportRow[]> {
  return tx.rows<ReportRow>(sql`
    select r.id, r.assessment_id, a.name as assessment_name, a.framework, a.score::float8 as score, r.version, r.title,
      r.format, r.pages, r.size_bytes::float8 as size_bytes, r.sha256, r.generated_by, r.generated_at
    from compliance.reports r
    -- Looked up for each row, by its key: joined, the whole table would be read for a page.
    join lateral (
      select name, framework, score, finalized_at from compliance.assessments
      where tenant_id = r.tenant_id and id = r.assessment_id limit 1
    ) a on true
    ${where([
      sql`r.final`,
      // Whatever a report says of itself.
      sql`a.finalized_at is not null`,
      of.assessmentId === undefined ? undefined : sql`r.assessment_id = ${of.assessmentId}`,
      of.after && sql`(r.generated_at, r.id) < (${of.after[0]}::timestamptz, ${of.after[1]})`,
    ])}
    order by r.generated_at desc, r.id desc
    limit ${of.atMost}`)
}
