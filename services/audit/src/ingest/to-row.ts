import { type CloudEvent, dataOf, ToolCalled, type ToolCalledData } from '@gatehouse/contracts'
import { z } from 'zod'

/** A row of `audit.events`, but for the time of receipt. */
export interface EventRow {
  readonly id: string
  readonly tenant: string
  readonly time: Date
  readonly type: string
  readonly source: string
  readonly node: string | null
  readonly actorKind: string | null
  readonly actorId: string | null
  readonly client: string | null
  readonly grant: string | null
  readonly tool: string | null
  readonly outcome: string | null
  readonly reason: string | null
  readonly durationMs: number | null
  readonly argumentsSha256: string | null
  readonly requestId: string | null
  readonly traceparent: string | null
  readonly envelope: CloudEvent
}

const uuid = z.guid()

const NOTHING = {
  node: null,
  actorKind: null,
  actorId: null,
  client: null,
  grant: null,
  tool: null,
  outcome: null,
  reason: null,
  durationMs: null,
  argumentsSha256: null,
  requestId: null,
} as const

/**
 * The row of an event, or why it can have none. A kind that is not known here is stored all the same, with what every envelope tells:
 * a node may be newer than this service.
 */
export function toRow(event: CloudEvent): EventRow | 'id.not-uuid' | 'data.invalid' {
  if (!uuid.safeParse(event.id).success) return 'id.not-uuid'
  const common = {
    id: event.id.toLowerCase(),
    tenant: event.tenantid,
    time: new Date(event.time),
    type: event.type,
    source: event.source,
    traceparent: event.traceparent ?? null,
    envelope: event,
  }
  if (event.type !== ToolCalled.type) return { ...common, ...NOTHING }
  const call = dataOf(ToolCalled, event)
  return call === undefined ? 'data.invalid' : { ...common, ...ofCall(call) }
}

function ofCall(
  call: ToolCalledData,
): Omit<EventRow, 'id' | 'tenant' | 'time' | 'type' | 'source' | 'traceparent' | 'envelope'> {
  return {
    node: call.node,
    actorKind: call.actor.kind,
    actorId: call.actor.id,
    client: call.actor.client ?? null,
    grant: call.actor.grant ?? null,
    tool: call.tool,
    outcome: call.outcome,
    reason: call.reason ?? null,
    durationMs: call.durationMs,
    argumentsSha256: call.argumentsSha256,
    requestId: call.requestId,
  }
}
