import { type CloudEvent, readEvent } from './event.ts'

/** A message as the bus delivers it. */
export interface BusMessage {
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** When the bus stored it. */
  readonly time: Date
}

const PREFIX = 'ce-'
/** JSON, with whatever parameters. */
const JSON_TYPE = /^application\/json\s*(;|$)/i

/**
 * Reads a CloudEvent as any library binds it to NATS (CloudEvents NATS binding 1.0 section 3): structured, the whole event as JSON; or binary,
 * attributes as headers `ce-…` and the data alone as the body. An event without `time`, which is optional there, has that of its message.
 * `undefined` for anything else: batches, data that is not JSON, attributes that are missing. Never throws.
 */
export function readEventMessage({ data, headers, time }: BusMessage): CloudEvent | undefined {
  const named = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  const type = named.get('content-type') ?? ''
  const structured = /^application\/cloudevents/i.test(type)
  if (!structured && named.has(`${PREFIX}specversion`)) return readBinary(named, type, data, time)
  const text = textOf(data)
  if (text === undefined) return undefined
  const event = readEvent(text)
  if (event !== undefined) return event
  const fields = objectOf(text)
  return fields === undefined ? undefined : readEvent(JSON.stringify(filled(fields, time)))
}

function readBinary(
  named: ReadonlyMap<string, string>,
  type: string,
  data: Uint8Array,
  time: Date,
): CloudEvent | undefined {
  const fields: Record<string, unknown> = { datacontenttype: type === '' ? undefined : type }
  for (const [name, value] of named) {
    if (!name.startsWith(PREFIX)) continue
    const decoded = decode(value)
    if (decoded === undefined) return undefined
    fields[name.slice(PREFIX.length)] = decoded
  }
  // The type of the data has its own header; a body is the data and nothing else.
  delete fields.data
  const text = textOf(data)
  if (text === undefined) return undefined
  if (text !== '') {
    const parsed = parse(text)
    if (parsed === undefined) return undefined
    fields.data = parsed.value
  }
  return readEvent(JSON.stringify(filled(fields, time)))
}

/** With what the specification leaves to the sender and this house does not. */
function filled(fields: Readonly<Record<string, unknown>>, time: Date): Readonly<Record<string, unknown>> {
  const { datacontenttype: type } = fields
  return {
    ...fields,
    time: fields.time ?? time.toISOString(),
    ...(typeof type === 'string' && JSON_TYPE.test(type) ? { datacontenttype: 'application/json' } : {}),
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const value = parse(text)?.value
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data)
  } catch {
    return undefined
  }
}

function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

/** Values of headers are percent-encoded (section 3.1.3.2). */
function decode(value: string): string | undefined {
  try {
    return decodeURIComponent(value)
  } catch {
    return undefined
  }
}
