import { z } from 'zod'
import type { StoredEvent } from './events.store.ts'

const text = z.string()

/** One event as operators see it: who, where, what, how it ended. Arguments are not in it; their hash is. */
export const eventItem = z.object({
  id: z.guid(),
  time: z.iso.datetime().describe('When it happened.'),
  received: z.iso.datetime().describe('When it was stored.'),
  type: text.describe('Kind and version of the event.'),
  tenant: text,
  actor: z
    .object({ kind: z.enum(['person', 'key', 'service']), id: text, client: text.optional(), grant: text.optional() })
    .optional()
    .describe('Who did it, and through which client.'),
  node: text.optional().describe('The process that did it.'),
  tool: text.optional(),
  outcome: z.enum(['succeeded', 'failed', 'refused', 'timed-out']).optional(),
  reason: text.optional().describe('Why it failed or was refused, a stable code.'),
  durationMs: z.number().int().nonnegative().optional(),
  argumentsSha256: text.optional().describe('Hex SHA-256 of the canonical JSON (RFC 8785) of the arguments.'),
  requestId: text.optional(),
  traceparent: text.optional(),
})
export type EventItem = z.infer<typeof eventItem>

export const eventsPage = z.object({
  events: z.array(eventItem).describe('Newest first.'),
  nextCursor: text.optional().describe('Present when there are more.'),
})
export type EventsPage = z.infer<typeof eventsPage>

/** Columns without a value are left out. */
export function toItem(row: StoredEvent): EventItem {
  const actor = row.actor_id !== null &&
    row.actor_kind !== null && {
      kind: row.actor_kind,
      id: row.actor_id,
      ...(row.client !== null && { client: row.client }),
      ...(row.grant_id !== null && { grant: row.grant_id }),
    }
  return {
    id: row.id,
    time: row.time.toISOString(),
    received: row.received.toISOString(),
    type: row.type,
    tenant: row.tenant,
    ...(actor && { actor: actor as NonNullable<EventItem['actor']> }),
    ...(row.node !== null && { node: row.node }),
    ...(row.tool !== null && { tool: row.tool }),
    ...(row.outcome !== null && { outcome: row.outcome as NonNullable<EventItem['outcome']> }),
    ...(row.reason !== null && { reason: row.reason }),
    ...(row.duration_ms !== null && { durationMs: Number(row.duration_ms) }),
    ...(row.arguments_sha256 !== null && { argumentsSha256: row.arguments_sha256 }),
    ...(row.request_id !== null && { requestId: row.request_id }),
    ...(row.traceparent !== null && { traceparent: row.traceparent }),
  }
}
