import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { findAssessment } from '../assessments.store.ts'
import { responsesCursor } from '../cursors.ts'
import type { Compliance } from '../domain.ts'
import { unknownAssessment, unknownDomain } from '../failures.ts'
import { hasDomain, listResponses } from '../responses.store.ts'
import { nextCursor } from '../shapes.ts'
import { idField, isId, limitField, result } from '../vocabulary.ts'

export const getAssessmentResponses = defineTool<Compliance>()({
  name: 'get_assessment_responses',
  title: 'Read the responses of an assessment',
  description:
    'Question by question, how an assessment was answered, optionally of one domain or with one result. Returns questions ' +
    'in their order with result, note and evidence. Not for scores (get_assessment) or what has to be done (list_findings).',
  scopes: ['assessments:read'],
  effect: 'reads',
  input: z.strictObject({
    assessmentId: idField().describe('Assessment ID.'),
    domainId: idField().optional().describe('Only of this domain; get_assessment lists them.'),
    result: result.optional().describe('Only answered so. Left out: unanswered questions too.'),
    limit: limitField(50),
    cursor: cursorField,
  }),
  output: z.object({
    responses: z
      .array(
        z.object({
          questionId: z.string().describe('Question ID.'),
          reference: z.string().describe('Requirement of the framework.'),
          question: z.string().describe('What is asked.'),
          domainId: z.string().describe('Domain ID.'),
          domain: z.string().describe('Domain name.'),
          result: result.nullable().describe('Null: not answered.'),
          note: z.string().nullable().describe('Why.'),
          evidence: z.number().int().nullable().describe('Documents attached.'),
          answeredBy: z.string().nullable().describe('Who.'),
          answeredAt: z.string().nullable().describe('ISO 8601.'),
        }),
      )
      .describe('In the order of the questions.'),
    nextCursor,
  }),
  async run({ assessmentId, domainId, result, limit, cursor }, { transact }) {
    const pages = responsesCursor(assessmentId)
    const after = pages.read(cursor)
    const rows = await transact(async (tx) => {
      if (!isId(assessmentId) || !(await findAssessment(tx, assessmentId))) throw unknownAssessment(assessmentId)
      if (domainId !== undefined && !(isId(domainId) && (await hasDomain(tx, assessmentId, domainId)))) {
        throw unknownDomain(domainId)
      }
      return listResponses(tx, { assessmentId, domainId, result, after, atMost: limit + 1 })
    })
    const { items, ...more } = pages.page(rows, limit, ({ position }) => position)
    const responses = items.map((row) => ({
      questionId: row.id,
      reference: row.reference,
      question: row.question,
      domainId: row.domain_id,
      domain: row.domain_name,
      result: row.result,
      note: row.note,
      evidence: row.evidence_count,
      answeredBy: row.answered_by,
      answeredAt: row.answered_at?.toISOString() ?? null,
    }))
    return { responses, ...more }
  },
})
