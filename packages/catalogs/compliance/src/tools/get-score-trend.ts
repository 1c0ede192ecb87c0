import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { listScores } from '../assessments.store.ts'
import { trendCursor } from '../cursors.ts'
import type { Compliance } from '../domain.ts'
import { unknownFramework } from '../failures.ts'
import { nextCursor, score } from '../shapes.ts'
import { limitField, text } from '../vocabulary.ts'

export const getScoreTrend = defineTool<Compliance>()({
  name: 'get_score_trend',
  title: 'Score history',
  description:
    'How the scores of finalized assessments went. Returns them oldest first, the latest ones on the first page. ' +
    'Compare scores of one framework only. Not for scores by domain (get_assessment) or assessments still running.',
  scopes: ['assessments:read'],
  effect: 'reads',
  input: z.strictObject({
    framework: text().min(1).max(200).optional().describe('Only of this framework, as list_assessments names it.'),
    limit: limitField(50),
    cursor: cursorField,
  }),
  output: z.object({
    scores: z
      .array(
        z.object({
          assessmentId: z.string().describe('Assessment ID.'),
          name: z.string().describe('Its name.'),
          framework: z.string().describe('Its framework.'),
          score: score().describe('Percent.'),
          finalizedAt: z.string().describe('ISO 8601.'),
        }),
      )
      .describe('Oldest first.'),
    nextCursor: nextCursor.describe('For older scores; absent when there are none.'),
  }),
  async run({ framework, limit, cursor }, { transact }) {
    const after = trendCursor.read(cursor)
    const rows = await transact((tx) => listScores(tx, { framework, after, atMost: limit + 1 }))
    if (framework !== undefined && after === undefined && rows.length === 0) throw unknownFramework(framework)
    const { items, ...more } = trendCursor.page(rows, limit, (row) => [row.finalized_at.toISOString(), row.id])
    const scores = items
      .map(({ id, name, framework, score, finalized_at }) => ({
        assessmentId: id,
        name,
        framework,
        score,
        finalizedAt: finalized_at.toISOString(),
      }))
      .reverse()
    return { scores, ...more }
  },
})
