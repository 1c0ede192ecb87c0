import { z } from 'zod'
import type { AssessmentRow } from './assessments.store.ts'
import { assessmentStatus, severity } from './vocabulary.ts'

const count = () => z.number().int()

/** Keys in the order of the vocabulary, so that every answer has them all. */
export const countsOf = <K extends string>(
  keys: readonly K[],
  rows: readonly { readonly key: K; readonly n: number }[],
) => Object.fromEntries(keys.map((key) => [key, rows.find((row) => row.key === key)?.n ?? 0])) as Record<K, number>

export const severityCounts = z.object(
  Object.fromEntries(severity.options.map((name) => [name, count().describe(`Of severity ${name}.`)])) as Record<
    z.infer<typeof severity>,
    ReturnType<typeof count>
  >,
)

export const statusCounts = z.object(
  Object.fromEntries(assessmentStatus.options.map((name) => [name, count().describe(`In status ${name}.`)])) as Record<
    z.infer<typeof assessmentStatus>,
    ReturnType<typeof count>
  >,
)

export const score = () => z.number().min(0).max(100)

/** The facts about an assessment that every answer gives. */
export const assessmentFacts = {
  id: z.string().describe('Assessment ID.'),
  name: z.string().describe('Name.'),
  framework: z.string().describe('What it is measured against.'),
  status: assessmentStatus.describe('Status.'),
  lead: z.string().describe('Who leads it.'),
  dueOn: z.string().nullable().describe('Day it is due, or null.'),
  score: score().nullable().describe('Percent; null until finalized.'),
  updatedAt: z.string().describe('Last change, ISO 8601.'),
  finalizedAt: z.string().nullable().describe('When finalized, or null.'),
}

const facts = z.object(assessmentFacts)

export function toAssessment(row: AssessmentRow): z.input<typeof facts> {
  return {
    id: row.id,
    name: row.name,
    framework: row.framework,
    status: row.status,
    lead: row.lead,
    dueOn: row.due_on,
    score: row.score,
    updatedAt: row.updated_at.toISOString(),
    finalizedAt: row.finalized_at?.toISOString() ?? null,
  }
}

export const nextCursor = z.string().optional().describe('For the next page; absent on the last.')
