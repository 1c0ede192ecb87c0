import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { findAssessment } from '../assessments.store.ts'
import { reportsCursor } from '../cursors.ts'
import type { Compliance } from '../domain.ts'
import { unknownAssessment } from '../failures.ts'
import { listReports as list } from '../reports.store.ts'
import { nextCursor, score } from '../shapes.ts'
import { idField, isId, limitField, reportFormat } from '../vocabulary.ts'

export const listReports = defineTool<Compliance>()({
  name: 'list_reports',
  title: 'List reports',
  description:
    'Final reports of finalized assessments. Returns what is known of each file, latest first; the file itself is fetched ' +
    'in the product. Not for drafts, and not for results (get_assessment, list_findings).',
  scopes: ['assessments:read'],
  effect: 'reads',
  input: z.strictObject({
    assessmentId: idField().optional().describe('Only of this assessment.'),
    limit: limitField(20),
    cursor: cursorField,
  }),
  output: z.object({
    reports: z
      .array(
        z.object({
          id: z.string().describe('Report ID.'),
          title: z.string().describe('Title.'),
          assessmentId: z.string().describe('Assessment ID.'),
          assessment: z.string().describe('Its name.'),
          framework: z.string().describe('Its framework.'),
          score: score().describe('Percent.'),
          version: z.number().int().describe('Version.'),
          format: reportFormat.describe('File format.'),
          pages: z.number().int().describe('Pages or sheets.'),
          bytes: z.number().int().describe('File size.'),
          sha256: z.string().describe('Hex SHA-256 of the file.'),
          generatedBy: z.string().describe('Who had it made.'),
          generatedAt: z.string().describe('ISO 8601.'),
        }),
      )
      .describe('Latest first.'),
    nextCursor,
  }),
  async run({ assessmentId, limit, cursor }, { transact }) {
    const after = reportsCursor.read(cursor)
    const rows = await transact(async (tx) => {
      if (assessmentId !== undefined && !(isId(assessmentId) && (await findAssessment(tx, assessmentId)))) {
        throw unknownAssessment(assessmentId)
      }
      return list(tx, { assessmentId, after, atMost: limit + 1 })
    })
    const { items, ...more } = reportsCursor.page(rows, limit, (row) => [row.generated_at.toISOString(), row.id])
    const reports = items.map((row) => ({
      id: row.id,
      title: row.title,
      assessmentId: row.assessment_id,
      assessment: row.assessment_name,
      framework: row.framework,
      score: row.score,
      version: row.version,
      format: row.format,
      pages: row.pages,
      bytes: row.size_bytes,
      sha256: row.sha256,
      generatedBy: row.generated_by,
      generatedAt: row.generated_at.toISOString(),
    }))
    return { reports, ...more }
  },
})
