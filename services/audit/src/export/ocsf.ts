import type { EventItem } from '../events/item.ts'

const CLASS_UID = 6003
/** `Other`: a tool's name does not say whether it creates, reads, updates or deletes. */
const ACTIVITY_OTHER = 99

const STATUS: Readonly<Record<string, number>> = { succeeded: 1, failed: 2, refused: 2, 'timed-out': 2 }
/** Low for what was refused, informational for the rest. */
const SEVERITY: Readonly<Record<string, number>> = { refused: 2 }
const USER_TYPE: Readonly<Record<string, number>> = { person: 1, key: 3, service: 3 }

/** An event as OCSF 1.3.0 has it, class API Activity. */
export function toOcsf(item: EventItem): Record<string, unknown> {
  const { actor, outcome = 'unknown' } = item
  const [version, traceId, spanId] = item.traceparent?.split('-') ?? []
  return {
    category_uid: 6,
    category_name: 'Application Activity',
    class_uid: CLASS_UID,
    class_name: 'API Activity',
    activity_id: ACTIVITY_OTHER,
    activity_name: item.action ?? item.tool ?? item.type,
    type_uid: CLASS_UID * 100 + ACTIVITY_OTHER,
    severity_id: SEVERITY[outcome] ?? 1,
    status_id: STATUS[outcome] ?? 0,
    status: outcome,
    ...(item.reason !== undefined && { status_detail: item.reason }),
    time: Date.parse(item.time),
    ...(item.durationMs !== undefined && { duration: item.durationMs }),
    metadata: {
      version: '1.3.0',
      uid: item.id,
      event_code: item.type,
      logged_time: Date.parse(item.received),
      tenant_uid: item.tenant,
      product: { name: 'Gatehouse', vendor_name: 'Gatehouse' },
      ...(item.requestId !== undefined && { correlation_uid: item.requestId }),
    },
    actor: {
      ...(actor !== undefined && {
        user: { uid: actor.id ?? actor.kind, type_id: USER_TYPE[actor.kind] ?? 0, org: { uid: item.tenant } },
      }),
      ...(actor?.grant !== undefined && { session: { uid: actor.grant } }),
      ...(actor?.client !== undefined && { app_uid: actor.client }),
    },
    api: {
      operation: item.tool ?? item.action ?? item.type,
      service: { name: 'Gatehouse' },
      ...(item.requestId !== undefined && { request: { uid: item.requestId } }),
    },
    src_endpoint: { uid: actor?.client ?? actor?.id ?? 'unknown' },
    ...(item.node !== undefined && { device: { hostname: item.node, type_id: 1 } }),
    unmapped: {
      ...item.rest,
      ...(item.argumentsSha256 !== undefined && { arguments_sha256: item.argumentsSha256 }),
      ...(version !== undefined && { trace: { uid: traceId, span: { uid: spanId } } }),
      ...(item.sealed !== undefined && { sealed: item.sealed }),
    },
  }
}
