import { auditName } from '@gatehouse/contracts'
import { z } from 'zod'
import { identityIn, objectPersonOf, standInOf, withTexts } from '../identities/stand-in.ts'
import type { StoredEvent } from './events.store.ts'
import { OUTCOMES } from './query.ts'

const text = z.string()

/** One event as operators see it: who, where, what, how it ended. Arguments are not in it; their hash is. */
export const eventItem = z.object({
  id: z.guid(),
  time: z.iso.datetime().describe('When it happened.'),
  received: z.iso.datetime().describe('When it was stored.'),
  event: text.describe('Short name of its kind, as mcp_tool_call, mcp_connected or mcp_disconnected.'),
  type: text.describe('Kind and version of the event.'),
  tenant: text,
  actor: z
    .object({
      kind: text.describe('person, key, service or operator.'),
      id: text
        .optional()
        .describe('Of a person that was erased: a name that stands for nobody, the same in all of the log.'),
      erased: z.literal(true).optional(),
      client: text.optional(),
      grant: text.optional(),
    })
    .optional()
    .describe('Who did it, and through which client.'),
  node: text.optional().describe('The process that did it.'),
  tool: text.optional(),
  action: text.optional().describe('What was done, where it was no call of a tool.'),
  outcome: z.enum(OUTCOMES).optional(),
  reason: text.optional().describe('Why it failed or was refused, a stable code.'),
  durationMs: z.number().int().nonnegative().optional(),
  argumentsSha256: text.optional().describe('Hex SHA-256 of the canonical JSON (RFC 8785) of the arguments.'),
  requestId: text.optional(),
  traceparent: text.optional(),
  rest: z.record(text, z.unknown()).optional().describe('What else events of this kind say.'),
  sealed: z
    .object({ class: text, month: text, seq: z.number().int() })
    .optional()
    .describe('Its place in the chain of its tenant; absent for the first seconds.'),
})
export type EventItem = z.infer<typeof eventItem>

export const eventsPage = z.object({
  events: z.array(eventItem).describe('Newest first.'),
  nextCursor: text.optional().describe('Present when there are more.'),
})
export type EventsPage = z.infer<typeof eventsPage>

/** Columns without a value are left out. */
export function toItem(row: StoredEvent): EventItem {
  const actor = actorOf(row)
  return {
    id: row.id,
    time: row.time.toISOString(),
    received: row.received.toISOString(),
    event: auditName(row.type),
    type: row.type,
    tenant: row.tenant,
    ...(actor && { actor }),
    ...(row.node !== null && { node: row.node }),
    ...(row.tool !== null && { tool: row.tool }),
    ...(row.action !== null && { action: row.action }),
    ...(row.outcome !== null && { outcome: row.outcome as NonNullable<EventItem['outcome']> }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.duration_ms !== null && { durationMs: Number(row.duration_ms) }),
    ...(row.arguments_sha256 !== null && { argumentsSha256: row.arguments_sha256 }),
    ...(row.request_id !== null && { requestId: row.request_id }),
    ...(row.traceparent !== null && { traceparent: row.traceparent }),
    ...(Object.keys(row.rest).length > 0 && { rest: restOf(row) }),
    ...(row.seq !== null && {
      sealed: { class: row.class, month: row.time.toISOString().slice(0, 7), seq: Number(row.seq) },
    }),
  }
}

function actorOf(row: StoredEvent): EventItem['actor'] {
  const id = row.actor_id ?? row.person
  const erased = row.actor_identity === null ? undefined : erasedName(row.actor_identity)
  const shown = id ?? erased
  if (row.actor_kind === null) return undefined
  return {
    kind: row.actor_kind,
    ...(shown !== undefined && { id: shown }),
    ...(id === null && erased !== undefined && { erased: true }),
    ...(row.client !== null && { client: row.client }),
    ...(row.grant_id !== null && { grant: row.grant_id }),
  }
}

/** The same in all of a tenant's log, and nobody's. */
const erasedName = (identity: string): string => `erased-${identity.slice(0, 12)}`

/** With its persons by who they are. */
function restOf({ rest, actor_identity, person, object_person }: StoredEvent): Readonly<Record<string, unknown>> {
  const object = identityIn(objectPersonOf(rest) ?? '')
  const names = new Map<string, string>()
  if (object !== undefined) names.set(standInOf(object), object_person ?? erasedName(object))
  if (actor_identity !== null) names.set(standInOf(actor_identity), person ?? erasedName(actor_identity))
  return names.size === 0 ? rest : (withTexts(rest, names) as Readonly<Record<string, unknown>>)
}
