import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { findAssessment } from '../assessments.store.ts'
import { findingsCursor } from '../cursors.ts'
import type { Compliance } from '../domain.ts'
import { unknownAssessment } from '../failures.ts'
import { listFindings as list } from '../findings.store.ts'
import { nextCursor } from '../shapes.ts'
import { findingStatus, idField, isId, limitField, severity } from '../vocabulary.ts'

export const listFindings = defineTool<Compliance>()({
  name: 'list_findings',
  title: 'List findings',
  description:
    'Find what is not as it should be, by severity, status or assessment. Returns findings with what to do about them, ' +
    'the worst first, then latest change. Not for counts (get_overview, get_assessment) or answers (get_assessment_responses).',
  scopes: ['findings:read'],
  effect: 'reads',
  input: z.strictObject({
    severity: severity.optional().describe('Only of this severity.'),
    status: findingStatus.optional().describe('Only in this status.'),
    assessmentId: idField().optional().describe('Only of this assessment.'),
    limit: limitField(20),
    cursor: cursorField,
  }),
  output: z.object({
    findings: z
      .array(
        z.object({
          id: z.string().describe('Finding ID.'),
          title: z.string().describe('One line.'),
          severity: severity.describe('Severity.'),
          status: findingStatus.describe('Status.'),
          description: z.string().describe('What was seen.'),
          recommendation: z.string().describe('What to do.'),
          assessmentId: z.string().describe('Assessment ID.'),
          assessment: z.string().describe('Its name.'),
          reference: z.string().nullable().describe('Requirement, or null.'),
          assignee: z.string().nullable().describe('Who has to act.'),
          dueOn: z.string().nullable().describe('Day it is due.'),
          createdAt: z.string().describe('ISO 8601.'),
          updatedAt: z.string().describe('ISO 8601.'),
        }),
      )
      .describe('The worst first.'),
    nextCursor,
  }),
  async run({ severity, status, assessmentId, limit, cursor }, { transact }) {
    const after = findingsCursor.read(cursor)
    const rows = await transact(async (tx) => {
      if (assessmentId !== undefined && !(isId(assessmentId) && (await findAssessment(tx, assessmentId)))) {
        throw unknownAssessment(assessmentId)
      }
      return list(tx, { severity, status, assessmentId, after, atMost: limit + 1 })
    })
    const { items, ...more } = findingsCursor.page(rows, limit, (row) => [
      row.rank,
      row.updated_at.toISOString(),
      row.id,
    ])
    const findings = items.map((row) => ({
      id: row.id,
      title: row.title,
      severity: row.severity,
      status: row.status,
      description: row.description,
      recommendation: row.recommendation,
      assessmentId: row.assessment_id,
      assessment: row.assessment_name,
      reference: row.reference,
      assignee: row.assignee,
      dueOn: row.due_on,
      createdAt: row.created_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
    }))
    return { findings, ...more }
  },
})
