import { ErrorCode, type Msg, type NatsConnection, NatsError } from 'nats'
import type { OutgoingMessage } from '../port.ts'
import type { Connection } from './connection.ts'
import { natsHeaders } from './messages.ts'

/** What the server says of a message that it has stored. */
export interface Stored {
  readonly sequence: number
  readonly duplicate: boolean
}

interface Waiting {
  readonly until: number
  readonly settle: (stored: Stored) => void
  readonly fail: (error: unknown) => void
}

/** What the server answers to a publish (`JSPubAckResponse`). */
interface PubAck {
  readonly stream?: string
  readonly seq?: number
  readonly duplicate?: boolean
  readonly error?: { readonly code?: number; readonly description?: string }
}

const MESSAGE_ID = 'Nats-Msg-Id'
const NO_RESPONDERS = 503

/**
 * Publishes to JetStream and waits for the acknowledgement. The library's own way makes a client, a subject, a timer and two errors, for
 * their stacks, with each message; here one subscription and one timer are for all of a connection.
 */
export function createPublisher(connection: Connection, answerWithin: number) {
  const known = new WeakMap<NatsConnection, Answers>()
  return (message: OutgoingMessage, data: Uint8Array): Promise<Stored> => {
    const nats = connection.up()
    let answers = known.get(nats)
    if (answers === undefined) {
      answers = new Answers(nats, connection, answerWithin)
      known.set(nats, answers)
    }
    const headers = natsHeaders(message.headers ?? {})
    headers.set(MESSAGE_ID, message.id)
    return answers.expect((reply) => nats.publish(message.subject, data, { headers, reply }))
  }
}

/** Acknowledgements over one connection, by the subject that each comes back on. */
class Answers {
  readonly #inbox: string
  readonly #within: number
  /** Oldest first. */
  readonly #waiting = new Map<string, Waiting>()
  #count = 0
  #alarm: NodeJS.Timeout | undefined

  constructor(nats: NatsConnection, connection: Connection, within: number) {
    this.#within = within
    this.#inbox = connection.inbox()
    nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, msg) => (error ? this.#failAll(error) : this.#hear(msg)),
    })
    const forget = connection.onChange(() => {
      if (connection.isUp) return
      this.#failAll(new Error('the connection was lost before the answer'))
      if (nats.isClosed()) forget()
    })
  }

  expect(send: (reply: string) => void): Promise<Stored> {
    const reply = `${this.#inbox}.${++this.#count}`
    return new Promise((settle, fail) => {
      send(reply)
      this.#waiting.set(reply, { until: performance.now() + this.#within, settle, fail })
      if (this.#alarm === undefined) this.#ringIn(this.#within)
    })
  }

  #hear(msg: Msg): void {
    const waiting = this.#waiting.get(msg.subject)
    if (waiting === undefined) return
    this.#waiting.delete(msg.subject)
    try {
      waiting.settle(storedOf(msg))
    } catch (error) {
      waiting.fail(error)
    }
  }

  #failAll(error: unknown): void {
    const all = [...this.#waiting.values()]
    this.#waiting.clear()
    for (const { fail } of all) fail(error)
  }

  #ringIn(ms: number): void {
    this.#alarm = setTimeout(() => {
      this.#alarm = undefined
      const now = performance.now()
      for (const [reply, { until, fail }] of this.#waiting) {
        if (until > now) return this.#ringIn(until - now)
        this.#waiting.delete(reply)
        fail(new Error(`no answer within ${this.#within} ms`))
      }
    }, ms)
    // The connection keeps the process, not this.
    this.#alarm.unref()
  }
}

/** @throws NatsError where no stream takes the subject; Error where the stream refused */
function storedOf(msg: Msg): Stored {
  if (msg.headers?.code === NO_RESPONDERS) throw new NatsError(ErrorCode.NoResponders, ErrorCode.NoResponders)
  const { stream = '', seq, duplicate = false, error } = msg.json<PubAck>()
  if (error !== undefined) throw new Error(`the stream refused: ${error.code} ${error.description ?? ''}`.trim())
  if (stream === '' || seq === undefined) throw new Error('the answer is no acknowledgement of a stream')
  return { sequence: seq, duplicate }
}
