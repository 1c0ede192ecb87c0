import { AUDIT_TYPES } from '@gatehouse/contracts'
import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { isStorable } from './instant.ts'

const name = z
  .string()
  .min(1)
  .max(512)
  .refine((text) => !text.includes('\0'), 'must not contain the NUL character')
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine(isStorable, 'must be a time from the year 1 to the year 9999')
const wholeNumber = z
  .string()
  .regex(/^\d{1,4}$/, 'must be a whole number')
  .transform(Number)

/** How an event may end. */
export const OUTCOMES = ['succeeded', 'failed', 'refused', 'timed-out', 'unknown'] as const

const filters = {
  tenant: name.optional().describe('Only events of this tenant (its id).'),
  from: instant.optional().describe('Only events at or after this time (RFC 3339).'),
  to: instant.optional().describe('Only events before this time (RFC 3339).'),
  actor: name.optional().describe('Only what this person, key or service did (its id).'),
  client: name.optional().describe('Only what was done through this OAuth client (its id).'),
  type: name
    .transform((given) => AUDIT_TYPES.get(given) ?? given)
    .optional()
    .describe('Only events of this kind, as mcp_tool_call or gatehouse.mcp.tool-called.v1.'),
  tool: name.optional().describe('Only calls of this tool.'),
  outcome: z.enum(OUTCOMES).optional().describe('Only what ended so.'),
}

/** What `GET /admin/v1/audit/events` may be asked, as it stands in the URL. */
export const eventsQuery = z.strictObject({
  ...filters,
  limit: wholeNumber.pipe(z.number().min(1).max(200)).default(50).describe('Most events in one answer, 1 to 200.'),
  cursor: z.string().max(200).optional().describe('Goes on after an earlier answer: its nextCursor.'),
})
export type EventsQuery = z.output<typeof eventsQuery>

/** What `GET /admin/v1/audit/export` may be asked. */
export const exportQuery = z.strictObject({
  ...filters,
  format: z.enum(['jsonl', 'csv', 'ocsf']).default('jsonl').describe('How a row is written.'),
})

/** Which events, of those that may be seen. */
export const filterQuery = z.strictObject(filters)
export type EventFilters = z.output<typeof filterQuery>

export const readQuery = (query: unknown): EventsQuery => readParameters(eventsQuery, query)

/** @throws Refusal that names each fault */
export function readParameters<S extends z.ZodType>(schema: S, query: unknown): z.output<S> {
  const parsed = schema.safeParse(query)
  if (parsed.success) return parsed.data
  const faults = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `there is no parameter ${issue.keys.map(harmless).join(', ')}`
      : [...issue.path.map(String), issue.message].join(': '),
  )
  throw new Refusal('query.invalid', faults.join('; '))
}

/** A name that is not ours may be anything; it is repeated only when it looks like one. */
const harmless = (name: string): string => (/^[A-Za-z0-9_-]{1,40}$/.test(name) ? name : 'of that name')
