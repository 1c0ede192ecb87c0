import { z } from 'zod'

export const assessmentStatus = z.enum(['draft', 'in_progress', 'in_review', 'finalized', 'archived'])
/** The worst first. */
export const severity = z.enum(['critical', 'high', 'medium', 'low', 'info'])
export const findingStatus = z.enum(['open', 'in_remediation', 'resolved', 'risk_accepted'])
export const result = z.enum(['pass', 'fail', 'not_applicable'])
export const reportFormat = z.enum(['pdf', 'docx', 'xlsx'])

export type AssessmentStatus = z.infer<typeof assessmentStatus>
export type Severity = z.infer<typeof severity>
export type FindingStatus = z.infer<typeof findingStatus>
export type Result = z.infer<typeof result>
export type ReportFormat = z.infer<typeof reportFormat>

/** An id as an argument; one that cannot be one is not found without asking the database. */
export const idField = () => z.string().min(1).max(128)
export const isId = (value: string): boolean => /^[A-Za-z0-9_-]{1,128}$/.test(value)

export const limitField = (preset: number) =>
  z.number().int().min(1).max(100).default(preset).describe('Max items (1–100).')

const DAY = /^(?:19[7-9]\d|2\d{3})-\d{2}-\d{2}$/
const INSTANT = /^(?:19[7-9]\d|2\d{3})-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/

/** A day in UTC, or an instant with its zone; `undefined` for anything else, also for days that no calendar has. */
export function readInstant(text: string): Date | undefined {
  if (!DAY.test(text) && !INSTANT.test(text)) return undefined
  const date = new Date(text)
  // The 30th of February rolls over to March.
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`)
  if (Number.isNaN(date.getTime()) || day.toISOString().slice(0, 10) !== text.slice(0, 10)) return undefined
  return date
}

export const instantField = () =>
  z
    .string()
    .max(35)
    .refine(
      (text) => readInstant(text) !== undefined,
      'must be a date (2026-01-31) or a time with its zone (2026-01-31T09:00:00Z)',
    )

/** Text that PostgreSQL can be asked for: it has no NUL, and half a surrogate pair would be another character. */
export const text = () =>
  z
    .string()
    .refine((value) => !value.includes('\0'), 'must not contain the NUL character')
    .refine((value) => !/\p{Cs}/u.test(value), 'must not contain half a surrogate pair')
