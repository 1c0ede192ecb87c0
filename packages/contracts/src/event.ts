import { randomUUID } from 'node:crypto'
import { z } from 'zod'

/** CloudEvents 1.0 in structured JSON mode. `tenantid` is our extension attribute; `*` is the platform itself. */
export interface CloudEvent<T = unknown> {
  readonly specversion: '1.0'
  readonly id: string
  /** URI reference of who speaks: `/services/auth`, `/catalogs/tracker`. */
  readonly source: string
  /** `gatehouse.<entity>.<verb>.v<version>` */
  readonly type: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly tenantid: string
  /** W3C trace context of the request that caused it. */
  readonly traceparent?: string
  readonly data: T
}

/** A kind of event: its type with version, and the schema of its data. */
export interface EventKind<Name extends string = string, S extends z.ZodType = z.ZodType> {
  readonly name: Name
  readonly version: number
  readonly type: string
  readonly schema: S
}

/** An event before it is sent: what happened, whose it is, and the subject it travels on. */
export interface Outgoing<T = unknown> {
  readonly subject: string
  readonly event: CloudEvent<T>
}

const NAME = /^[a-z][a-z0-9_-]*(\.[a-z][a-z0-9_-]*)+$/

/**
 * Declares a kind of event. `name` is `<entity>.<verb>` in lower case with dots; the subject of a domain event is
 * `domain.<tenant>.<entity>.<verb>`.
 */
export function defineEvent<Name extends string, S extends z.ZodType>(
  name: Name,
  version: number,
  schema: S,
): EventKind<Name, S> {
  if (!NAME.test(name)) throw new TypeError(`event name ${name} is not <entity>.<verb>`)
  return { name, version, type: `gatehouse.${name}.v${version}`, schema }
}

/** Seals data into an envelope. Data that does not fit the schema is a bug of the sender and throws. */
export function sealEvent<S extends z.ZodType>(
  kind: EventKind<string, S>,
  about: {
    readonly source: string
    readonly tenant: string
    readonly now: Date
    readonly traceparent?: string | undefined
  },
  data: z.input<S>,
): CloudEvent<z.output<S>> {
  return envelopeOf(kind, about, kind.schema.parse(data))
}

/** As `sealEvent`, for data that the compiler has checked: nothing is parsed again. For paths where each microsecond is one of every call. */
export function envelopeOf<S extends z.ZodType>(
  kind: EventKind<string, S>,
  about: {
    readonly source: string
    readonly tenant: string
    readonly now: Date
    readonly traceparent?: string | undefined
  },
  data: z.output<S>,
): CloudEvent<z.output<S>> {
  const sealed: CloudEvent<z.output<S>> = {
    specversion: '1.0',
    id: randomUUID(),
    source: about.source,
    type: kind.type,
    time: textOf(about.now),
    datacontenttype: 'application/json',
    tenantid: about.tenant,
    data,
  }
  return about.traceparent === undefined ? sealed : { ...sealed, traceparent: about.traceparent }
}

let told = { at: Number.NaN, text: '' }

/** Many events have the time of the one before. @throws RangeError for a date that is none */
function textOf(date: Date): string {
  const at = date.getTime()
  if (told.at !== at) told = { at, text: date.toISOString() }
  return told.text
}

const envelope = z.object({
  specversion: z.literal('1.0'),
  id: z.string().min(1).max(200),
  source: z.string().min(1),
  type: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal('application/json').default('application/json'),
  tenantid: z.string().min(1),
  traceparent: z.string().optional(),
  data: z.unknown(),
})

/** What came over the bus, read as an envelope; `undefined` where it is none. Never throws. */
export function readEvent(bytes: Uint8Array | string): CloudEvent | undefined {
  try {
    const text = typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const parsed = envelope.safeParse(JSON.parse(text))
    return parsed.success ? (parsed.data as CloudEvent) : undefined
  } catch {
    return undefined
  }
}

/** The data of an event if it is of this kind and fits its schema, else `undefined`. */
export function dataOf<S extends z.ZodType>(kind: EventKind<string, S>, event: CloudEvent): z.output<S> | undefined {
  if (event.type !== kind.type) return undefined
  const parsed = kind.schema.safeParse(event.data)
  return parsed.success ? parsed.data : undefined
}
