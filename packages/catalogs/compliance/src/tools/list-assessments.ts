import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { listAssessments as list } from '../assessments.store.ts'
import { assessmentsCursor } from '../cursors.ts'
import type { Compliance } from '../domain.ts'
import { assessmentFacts, nextCursor, toAssessment } from '../shapes.ts'
import { assessmentStatus, instantField, limitField, readInstant } from '../vocabulary.ts'

export const listAssessments = defineTool<Compliance>()({
  name: 'list_assessments',
  title: 'List assessments',
  description:
    'Find assessments by status or by when they last changed. Returns their facts with IDs, latest change first. ' +
    'Not for domains and scores of one assessment (get_assessment) or what was answered (get_assessment_responses).',
  scopes: ['assessments:read'],
  effect: 'reads',
  input: z.strictObject({
    status: assessmentStatus.optional().describe('Only in this status.'),
    updatedAfter: instantField()
      .optional()
      .describe('Only changed after this: 2026-01-31 (UTC) or 2026-01-31T09:00:00Z.'),
    limit: limitField(20),
    cursor: cursorField,
  }),
  output: z.object({
    assessments: z.array(z.object(assessmentFacts)).describe('Latest change first.'),
    nextCursor,
  }),
  async run({ status, updatedAfter, limit, cursor }, { transact }) {
    const after = assessmentsCursor.read(cursor)
    const since = updatedAfter === undefined ? undefined : readInstant(updatedAfter)
    const rows = await transact((tx) => list(tx, { status, updatedAfter: since, after, atMost: limit + 1 }))
    const { items, ...more } = assessmentsCursor.page(rows, limit, (row) => [row.updated_at.toISOString(), row.id])
    return { assessments: items.map(toAssessment), ...more }
  },
})
