import { type CloudEvent, dataOf, ToolCalled } from '@gatehouse/contracts'
import { z } from 'zod'

/** A row of `audit.events`, but for the time of receipt. */
export interface EventRow {
  readonly id: string
  readonly tenant: string
  readonly class: RetentionClass
  readonly time: Date
  readonly type: string
  readonly source: string
  readonly node: string | null
  readonly actorKind: string | null
  readonly actorId: string | null
  readonly client: string | null
  readonly grant: string | null
  readonly tool: string | null
  readonly action: string | null
  readonly outcome: string | null
  readonly reason: string | null
  readonly durationMs: number | null
  readonly argumentsSha256: string | null
  readonly requestId: string | null
  readonly traceparent: string | null
  /** What else the event says. */
  readonly rest: Readonly<Record<string, unknown>>
}

/** How long an event is kept is decided by its class: see `audit.retention`. */
export type RetentionClass = 'standard' | 'security'

/** By its kind alone, so that an event that is delivered again has the same. */
export const classOf = (type: string): RetentionClass => (type.startsWith('gatehouse.auth.') ? 'security' : 'standard')

const uuid = z.guid()

/** What kinds of events have in common, each where it fits; whatever else there is goes with the rest. */
const common = z.object({
  node: z.string().nullable().catch(null),
  actor: z
    .object({
      kind: z.string().regex(/^[a-z-]{1,32}$/),
      id: z.string().min(1).nullable().catch(null),
      client: z.string().nullable().catch(null),
      grant: z.string().nullable().catch(null),
    })
    .nullable()
    .catch(null),
  tool: z.string().nullable().catch(null),
  action: z.string().nullable().catch(null),
  outcome: z.string().nullable().catch(null),
  reason: z.string().nullable().catch(null),
  durationMs: z.int().nonnegative().nullable().catch(null),
  argumentsSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .catch(null),
  requestId: z.string().nullable().catch(null),
})

/**
 * The row of an event, or why it can have none. A kind that is not known here is stored all the same, with what it has in common with
 * the others: a node may be newer than this service.
 */
export function toRow(event: CloudEvent): EventRow | 'id.not-uuid' | 'data.invalid' {
  if (!uuid.safeParse(event.id).success) return 'id.not-uuid'
  if (event.type === ToolCalled.type && dataOf(ToolCalled, event) === undefined) return 'data.invalid'
  const data = recordOf(event.data)
  const { actor, ...facts } = common.parse(data)
  const taken = { ...facts, actor }
  const rest = Object.entries(data).filter(([name]) => !(name in taken) || taken[name as keyof typeof taken] === null)
  return {
    id: event.id.toLowerCase(),
    tenant: event.tenantid,
    class: classOf(event.type),
    time: new Date(event.time),
    type: event.type,
    source: event.source,
    ...facts,
    actorKind: actor?.kind ?? null,
    actorId: actor?.id ?? null,
    client: actor?.client ?? null,
    grant: actor?.grant ?? null,
    traceparent: event.traceparent ?? null,
    rest: Object.fromEntries(rest),
  }
}

const recordOf = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : data === undefined
      ? {}
      : { data }
