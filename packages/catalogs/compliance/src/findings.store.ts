import { sql, type Tx } from '@gatehouse/database'
import { where } from './assessments.store.ts'
import type { FindingStatus, Severity } from './vocabulary.ts'

export interface FindingRow {
  readonly id: string
  readonly assessment_id: string
  readonly assessment_name: string
  readonly reference: string | null
  readonly title: string
  readonly description: string
  readonly recommendation: string
  readonly severity: Severity
  readonly rank: number
  readonly status: FindingStatus
  readonly assignee: string | null
  readonly due_on: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

const RANK: Readonly<Record<Severity, number>> = { critical: 5, high: 4, medium: 3, low: 2, info: 1 }

/** Looked up for each row that is shown, by its key: joined, whole tables would be read for a page. */
const ofShown = sql`(
  select name from compliance.assessments a where a.tenant_id = f.tenant_id and a.id = f.assessment_id)`
const referenceOfShown = sql`(
  select reference from compliance.questions q
  where q.tenant_id = f.tenant_id and q.assessment_id = f.assessment_id and q.id = f.question_id)`

/** The worst first, then latest change. */
export function listFindings(
  tx: Tx,
  of: {
    readonly severity?: Severity | undefined
    readonly status?: FindingStatus | undefined
    readonly assessmentId?: string | undefined
    /** Rank, updated at and id of the last row of the page before. */
    readonly after?: readonly [number, string, string] | undefined
    readonly atMost: number
  },
): Promise<FindingRow[]> {
  return tx.rows<FindingRow>(sql`
    select f.id, f.assessment_id, f.title, f.description, f.recommendation,
      f.severity, f.rank, f.status, f.assignee, f.due_on::text as due_on, f.created_at, f.updated_at,
      ${ofShown} as assessment_name, ${referenceOfShown} as reference
    from (
      select * from compliance.findings
      ${where([
        of.severity && sql`rank = ${RANK[of.severity]}`,
        of.status && sql`status = ${of.status}`,
        of.assessmentId === undefined ? undefined : sql`assessment_id = ${of.assessmentId}`,
        of.after &&
          sql`(rank, updated_at, id) < (${of.after[0]}::smallint, ${of.after[1]}::timestamptz, ${of.after[2]})`,
      ])}
      order by rank desc, updated_at desc, id desc
      limit ${of.atMost}
    ) f
    order by f.rank desc, f.updated_at desc, f.id desc`)
}

type Counts = Promise<{ readonly key: Severity; readonly n: number }[]>

/** Open or in remediation, of all assessments. */
export function countUnsettled(tx: Tx): Counts {
  return tx.rows(sql`
    select severity as key, count(*)::int as n from compliance.findings
    where status in ('open', 'in_remediation') group by severity`)
}

export interface FindingCountRow {
  readonly severity: Severity
  readonly status: FindingStatus
  readonly n: number
}

export function countFindingsOf(tx: Tx, assessmentId: string): Promise<FindingCountRow[]> {
  return tx.rows<FindingCountRow>(sql`
    select severity, status, count(*)::int as n from compliance.findings
    where assessment_id = ${assessmentId} group by severity, status`)
}
