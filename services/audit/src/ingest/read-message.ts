import type { IncomingMessage } from '@gatehouse/bus'
import { type CloudEvent, dataOf, readEvent, ToolBegun } from '@gatehouse/contracts'
import { z } from 'zod'
import type { Begun } from '../begun/begun.store.ts'
import { type EventRow, toRow } from './to-row.ts'

/** Why a message or one event of it is set aside. */
export type PoisonReason =
  | 'message.unreadable'
  | 'envelope.invalid'
  | 'id.not-uuid'
  | 'data.invalid'
  | 'database.refused'

/** What an event came in: enough to find it again. */
export interface Origin {
  readonly subject: string
  readonly sequence: number
  readonly published: Date
  /** Which event of the message, from 1; 0 = the whole message. */
  readonly part: number
}

export interface Stored {
  readonly origin: Origin
  readonly row: EventRow
  /** Its JSON as it came. */
  bytes(): Uint8Array
}

export interface DeadLetter {
  readonly origin: Origin
  readonly reason: PoisonReason
  readonly payload: Uint8Array
}

export interface ReadMessage {
  readonly good: readonly Stored[]
  /** Calls that began: no rows of the log yet. */
  readonly begun: readonly Begun[]
  readonly dead: readonly DeadLetter[]
}

const group = z.object({ events: z.array(z.unknown()).max(10_000) })

/** Splits a message, `{ "events": […] }` or a single envelope, into what can be stored and what cannot. Pure; never throws. */
export function readMessage(message: IncomingMessage): ReadMessage {
  const origin = (part: number): Origin => ({
    subject: message.subject,
    sequence: message.sequence,
    published: message.time,
    part,
  })
  const values = valuesOf(message.data)
  if (values === undefined) {
    return { good: [], begun: [], dead: [{ origin: origin(0), reason: 'message.unreadable', payload: message.data }] }
  }
  const good: Stored[] = []
  const dead: DeadLetter[] = []
  const begun: Begun[] = []
  values.forEach((value, index) => {
    const judged = judge(value)
    if (typeof judged === 'string') dead.push({ origin: origin(index + 1), reason: judged, payload: bytesOf(value) })
    else if ('data' in judged) begun.push(judged)
    else good.push({ origin: origin(index + 1), row: judged, bytes: () => bytesOf(value) })
  })
  return { good, begun, dead }
}

/** The JSON of one value, as bytes. */
export const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

function valuesOf(data: Uint8Array): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data))
    const parsed = group.safeParse(value)
    if (parsed.success) return parsed.data.events
    return typeof value === 'object' && value !== null && !Array.isArray(value) && !('events' in value)
      ? [value]
      : undefined
  } catch {
    return undefined
  }
}

function judge(value: unknown): EventRow | Begun | PoisonReason {
  const event: CloudEvent | undefined = readEvent(JSON.stringify(value))
  if (event === undefined) return 'envelope.invalid'
  if (event.type !== ToolBegun.type) return toRow(event)
  const data = dataOf(ToolBegun, event)
  return data === undefined ? 'data.invalid' : { ...event, data }
}
