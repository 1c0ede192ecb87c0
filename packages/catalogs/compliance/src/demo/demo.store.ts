import { ident, join, json, type Sql, sql, type Tx } from '@gatehouse/database'
import type { AssessmentStatus, FindingStatus, ReportFormat, Result, Severity } from '../vocabulary.ts'

/** Rows as the tables have them. */
export interface DemoRows {
  readonly assessments: readonly {
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
  }[]
  readonly domains: readonly {
    readonly assessment_id: string
    readonly id: string
    readonly position: number
    readonly name: string
    readonly weight: number
    readonly score: number | null
  }[]
  readonly questions: readonly {
    readonly assessment_id: string
    readonly id: string
    readonly domain_id: string
    readonly position: number
    readonly reference: string
    readonly question: string
  }[]
  readonly responses: readonly {
    readonly assessment_id: string
    readonly question_id: string
    readonly result: Result
    readonly note: string
    readonly evidence_count: number
    readonly answered_by: string
    readonly answered_at: Date
  }[]
  readonly findings: readonly {
    readonly id: string
    readonly assessment_id: string
    readonly question_id: string | null
    readonly title: string
    readonly description: string
    readonly recommendation: string
    readonly severity: Severity
    readonly status: FindingStatus
    readonly assignee: string | null
    readonly due_on: string | null
    readonly created_at: Date
    readonly updated_at: Date
    readonly resolved_at: Date | null
  }[]
  readonly reports: readonly {
    readonly id: string
    readonly assessment_id: string
    readonly version: number
    readonly title: string
    readonly final: boolean
    readonly format: ReportFormat
    readonly pages: number
    readonly size_bytes: number
    readonly sha256: string
    readonly generated_by: string
    readonly generated_at: Date
  }[]
}

/** What is inserted into each table, in an order that foreign keys allow. */
const COLUMNS: { readonly [T in keyof DemoRows]: readonly (keyof DemoRows[T][number] & string)[] } = {
  assessments: [
    ...(['id', 'name', 'framework', 'scope', 'status', 'lead', 'due_on', 'score'] as const),
    ...(['created_at', 'updated_at', 'finalized_at'] as const),
  ],
  domains: ['assessment_id', 'id', 'position', 'name', 'weight', 'score'],
  questions: ['assessment_id', 'id', 'domain_id', 'position', 'reference', 'question'],
  responses: ['assessment_id', 'question_id', 'result', 'note', 'evidence_count', 'answered_by', 'answered_at'],
  findings: [
    ...(['id', 'assessment_id', 'question_id', 'title', 'description', 'recommendation', 'severity'] as const),
    ...(['status', 'assignee', 'due_on', 'created_at', 'updated_at', 'resolved_at'] as const),
  ],
  reports: [
    ...(['id', 'assessment_id', 'version', 'title', 'final', 'format', 'pages', 'size_bytes', 'sha256'] as const),
    ...(['generated_by', 'generated_at'] as const),
  ],
}

export async function hasAssessments(tx: Tx): Promise<boolean> {
  return (await tx.one<{ found: boolean }>(sql`select exists (select from compliance.assessments) as found`)).found
}

/** Each table with one statement; a row that is there already stays as it is. */
export async function insertDemo(tx: Tx, rows: Partial<DemoRows>): Promise<void> {
  for (const [table, columns] of Object.entries(COLUMNS)) {
    const given = rows[table as keyof DemoRows] ?? []
    if (given.length > 0) await tx.run(insertion(ident(`compliance.${table}`), columns.map(ident), given))
  }
}

/** Types are those of the table: a row of JSON is read as one of its rows. */
const insertion = (table: Sql, columns: readonly Sql[], rows: readonly unknown[]): Sql => sql`
  insert into ${table} (${join(columns, ', ')})
  select ${join(columns, ', ')} from jsonb_populate_recordset(null::${table}, ${json(rows)}::jsonb)
  on conflict do nothing`
