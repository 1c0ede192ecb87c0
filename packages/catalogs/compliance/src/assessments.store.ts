import { join, type Sql, sql, type Tx } from '@gatehouse/database'
import { type AssessmentStatus, assessmentStatus } from './vocabulary.ts'

export interface AssessmentRow {
  readonly id: string
  readonly name: string
  readonly framework: string
  readonly scope: string
  readonly status: AssessmentStatus
  readonly lead: string
  readonly due_on: string | null
  readonly score: number | null
  readonly created_at: Date
  readonly updated_at: Date
  readonly finalized_at: Date | null
}

export interface ScoredRow {
  readonly id: string
  readonly name: string
  readonly framework: string
  readonly score: number
  readonly finalized_at: Date
}

export interface DomainRow {
  readonly id: string
  readonly name: string
  readonly weight: number
  readonly score: number | null
  readonly questions: number
  readonly passed: number
  readonly failed: number
  readonly not_applicable: number
}

const columns = sql`id, name, framework, scope, status, lead, due_on::text as due_on, score::float8 as score,
  created_at, updated_at, finalized_at`

export const where = (conditions: readonly (Sql | undefined)[]): Sql => {
  const given = conditions.filter((condition) => condition !== undefined)
  return given.length === 0 ? sql`` : sql`where ${join(given, ' and ')}`
}

export interface ListedAssessments {
  readonly status?: AssessmentStatus | undefined
  readonly updatedAfter?: Date | undefined
  /** Updated at and id of the last row of the page before. */
  readonly after?: readonly [string, string] | undefined
  readonly atMost: number
}

/** Latest change first. */
export function listAssessments(tx: Tx, { status, updatedAfter, after, atMost }: ListedAssessments) {
  return tx.rows<AssessmentRow>(sql`
    select ${columns} from compliance.assessments
    ${where([
      status && sql`status = ${status}`,
      updatedAfter && sql`updated_at > ${updatedAfter}`,
      after && sql`(updated_at, id) < (${after[0]}::timestamptz, ${after[1]})`,
    ])}
    order by updated_at desc, id desc
    limit ${atMost}`)
}

export function findAssessment(tx: Tx, id: string): Promise<AssessmentRow | undefined> {
  return tx.maybe<AssessmentRow>(sql`select ${columns} from compliance.assessments where id = ${id}`)
}

/** Status by status, which an index answers; grouped, the whole table would be read. */
export function countAssessments(tx: Tx) {
  return tx.rows<{ readonly key: AssessmentStatus; readonly n: number }>(sql`
    select key, (select count(*)::int from compliance.assessments where status = key) as n
    from unnest(${assessmentStatus.options}::text[]) as key`)
}

/** Latest first. */
export function listScores(
  tx: Tx,
  of: {
    readonly framework?: string | undefined
    readonly after?: readonly [string, string] | undefined
    readonly atMost: number
  },
) {
  return tx.rows<ScoredRow>(sql`
    select id, name, framework, score::float8 as score, finalized_at from compliance.assessments
    ${where([
      sql`finalized_at is not null`,
      of.framework === undefined ? undefined : sql`framework = ${of.framework}`,
      of.after && sql`(finalized_at, id) < (${of.after[0]}::timestamptz, ${of.after[1]})`,
    ])}
    order by finalized_at desc, id desc
    limit ${of.atMost}`)
}

/** In their order, each with how its questions were answered. */
export function listDomains(tx: Tx, assessmentId: string): Promise<DomainRow[]> {
  return tx.rows<DomainRow>(sql`
    select d.id, d.name, d.weight, d.score::float8 as score,
      count(q.id)::int as questions,
      count(*) filter (where r.result = 'pass')::int as passed,
      count(*) filter (where r.result = 'fail')::int as failed,
      count(*) filter (where r.result = 'not_applicable')::int as not_applicable
    from compliance.domains d
    left join compliance.questions q
      on q.tenant_id = d.tenant_id and q.assessment_id = d.assessment_id and q.domain_id = d.id
    left join compliance.responses r
      on r.tenant_id = q.tenant_id and r.assessment_id = q.assessment_id and r.question_id = q.id
    where d.assessment_id = ${assessmentId}
    group by d.id, d.name, d.weight, d.score, d.position
    order by d.position, d.id`)
}
