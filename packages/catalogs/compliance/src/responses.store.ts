import { sql, type Tx } from '@gatehouse/database'
import { where } from './assessments.store.ts'
import type { Result } from './vocabulary.ts'

export interface ResponseRow {
  readonly id: string
  readonly position: number
  readonly reference: string
  readonly question: string
  readonly domain_id: string
  readonly domain_name: string
  /** Null, like what follows, for a question that nobody has answered. */
  readonly result: Result | null
  readonly note: string | null
  readonly evidence_count: number | null
  readonly answered_by: string | null
  readonly answered_at: Date | null
}

export function hasDomain(tx: Tx, assessmentId: string, id: string): Promise<boolean> {
  return tx
    .maybe(sql`select from compliance.domains where assessment_id = ${assessmentId} and id = ${id}`)
    .then((row) => row !== undefined)
}

/** In the order of the questions; with a result only what was answered so. */
export function listResponses(
  tx: Tx,
  of: {
    readonly assessmentId: string
    readonly domainId?: string | undefined
    readonly result?: Result | undefined
    /** Position of the last row of the page before. */
    readonly after?: number | undefined
    readonly atMost: number
  },
): Promise<ResponseRow[]> {
  return tx.rows<ResponseRow>(sql`
    select q.id, q.position, q.reference, q.question, q.domain_id, d.name as domain_name,
      r.result, r.note, r.evidence_count, r.answered_by, r.answered_at
    from compliance.questions q
    join compliance.domains d
      on d.tenant_id = q.tenant_id and d.assessment_id = q.assessment_id and d.id = q.domain_id
    left join compliance.responses r
      on r.tenant_id = q.tenant_id and r.assessment_id = q.assessment_id and r.question_id = q.id
    ${where([
      sql`q.assessment_id = ${of.assessmentId}`,
      of.domainId === undefined ? undefined : sql`q.domain_id = ${of.domainId}`,
      of.result && sql`r.result = ${of.result}`,
      of.after === undefined ? undefined : sql`q.position > ${of.after}`,
    ])}
    order by q.position
    limit ${of.atMost}`)
}
