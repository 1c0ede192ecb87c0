import { type Msg, type MsgHdrs, headers as newHeaders } from 'nats'
import type { IncomingMessage } from '../port.ts'

/** What a JetStream delivery says of itself in the subject that it is acknowledged on. */
export interface Delivery {
  readonly delivery: number
  readonly sequence: number
  /** Position in the consumer, from 1 without a gap. */
  readonly consumerSequence: number
  readonly time: Date
  /** Messages for this consumer that were still to come when this one left. */
  readonly pending: number
}

/**
 * `$JS.ACK.<stream>.<consumer>.<delivery>.<sequence>.<consumer sequence>.<time>.<pending>`, or, from newer servers, with
 * domain and account before the stream. `undefined` for any other subject.
 */
export function parseDelivery(reply: string | undefined): Delivery | undefined {
  const tokens = reply?.split('.') ?? []
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined
  const facts = tokens.length === 9 ? tokens.slice(4) : tokens.slice(6)
  const [delivery, sequence, consumerSequence, nanoseconds, pending] = facts
  if (pending === undefined) return undefined
  return {
    delivery: Number(delivery),
    sequence: Number(sequence),
    consumerSequence: Number(consumerSequence),
    time: new Date(Number(BigInt(nanoseconds ?? 0) / 1_000_000n)),
    pending: Number(pending),
  }
}

export function incoming(msg: Msg, { delivery, sequence, time }: Delivery): IncomingMessage {
  return { subject: msg.subject, sequence, time, data: msg.data, headers: plainHeaders(msg.headers), delivery }
}

export function natsHeaders(headers: Readonly<Record<string, string>>): MsgHdrs {
  const result = newHeaders()
  for (const [name, value] of Object.entries(headers)) result.set(name, value)
  return result
}

/** Without those that belong to the server's protocol. */
function plainHeaders(headers: MsgHdrs | undefined): Record<string, string> {
  const names = headers?.keys().filter((name) => !name.startsWith('Nats-')) ?? []
  return Object.fromEntries(names.map((name) => [name, headers?.get(name) ?? '']))
}
