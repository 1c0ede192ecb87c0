import { z } from 'zod'
import { type EventFilters, filterQuery, readParameters } from '../events/query.ts'

/** What the page is asked for, as its form and its links write it. An empty field is none. */
const view = z.object({
  actor: z.string().optional(),
  client: z.string().optional(),
  tool: z.string().optional(),
  type: z.string().optional(),
  outcome: z.string().optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  cursor: z.string().max(200).optional(),
})
export type View = z.output<typeof view>

/** @throws Refusal */
export function readView(query: unknown): View {
  const given = Object.entries(query as Record<string, unknown>).filter(([, value]) => value !== '')
  return readParameters(view, Object.fromEntries(given))
}

/** Days are those of UTC; the last one is whole. @throws Refusal */
export function filtersOf({ cursor: _cursor, from, to, ...names }: View): EventFilters {
  return readParameters(filterQuery, {
    ...names,
    ...(from !== undefined && { from: `${from}T00:00:00Z` }),
    ...(to !== undefined && { to: dayAfter(to) }),
  })
}

function dayAfter(day: string): string {
  const begins = Date.parse(`${day}T00:00:00Z`)
  return Number.isNaN(begins) || begins > Date.UTC(9998, 0) ? day : new Date(begins + 86_400_000).toISOString()
}

/** The same view as a query, with its question mark. */
export function searchOf(of: View, extra: Readonly<Record<string, string>> = {}): string {
  const given = Object.entries({ ...of, ...extra }).filter((pair): pair is [string, string] => pair[1] !== undefined)
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
