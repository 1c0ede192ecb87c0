import { type Msg, type NatsConnection, nanos, type Subscription } from 'nats'
import { pause } from '../pause.ts'
import type { IncomingMessage } from '../port.ts'
import { within } from '../within.ts'
import { incoming, parseDelivery } from './messages.ts'

export interface Held {
  readonly message: IncomingMessage
  /** Where its acknowledgement goes. */
  readonly reply: string
}

interface Options {
  readonly subject: string
  /** Where the messages come. */
  readonly inbox: string
  readonly maxBatch: number
}

const REQUEST_FOR = 30_000
const HEARTBEAT_EVERY = 2_000
const SILENT_AFTER = 3 * HEARTBEAT_EVERY
/** Well below the server's wait for acknowledgements. */
const SIGN_OF_WORK_EVERY = 2_000
const GIVE_BACK_WITHIN = 1_000

/** Statuses that end a request as it should end: nothing there, time is up. Any other one is a fault. */
const ORDINARY_ENDS = new Set([404, 408])

/** By how much the redelivery of what was refused may come later than asked for. */
const REDELIVERY_SLACK = 50

/**
 * Pull requests for one durable consumer, one at a time, so that at most `maxBatch` messages wait here for the handler.
 * While they wait the server is told that they are being worked on.
 */
export class Pull {
  /** What ended the reading, when it was neither the caller nor the connection. */
  fault: Error | undefined
  readonly #nats: NatsConnection
  readonly #options: Options
  readonly #inbox: string
  readonly #subscription: Subscription
  readonly #held = new Set<Held>()
  readonly #timers: NodeJS.Timeout[]
  #queue: Held[] = []
  #owed = 0
  #heardAt = performance.now()
  #finishing = false
  #ended = false
  #wake: () => void = () => undefined

  constructor(nats: NatsConnection, options: Options) {
    this.#nats = nats
    this.#options = options
    this.#inbox = options.inbox
    this.#subscription = nats.subscribe(this.#inbox, {
      callback: (error, msg) => (error ? this.#fail(error) : this.#hear(msg)),
    })
    this.#timers = [
      setInterval(() => this.#watch(), HEARTBEAT_EVERY),
      setInterval(() => this.#send([...this.#held], '+WPI'), SIGN_OF_WORK_EVERY),
    ]
  }

  /** The next messages, oldest first, at least one; none when the reading has ended and nothing is left. */
  async next(limit: number): Promise<readonly Held[]> {
    while (!this.#ended && this.#queue.length === 0) {
      if (this.#owed === 0 && !this.#finishing) this.#ask()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#queue.sort(byAge).splice(0, limit)
  }

  acknowledge(batch: readonly Held[]): void {
    this.#letGo(batch, '+ACK')
  }

  /** Has a batch delivered again after `afterMs`; resolves when it should be back, or when `signal` ends. */
  async refuse(batch: readonly Held[], afterMs: number, signal: AbortSignal): Promise<void> {
    // nats-server 2.9.10 was seen to hold a redelivery back for the whole ack wait when only a dead request awaited it.
    if (this.#owed === 0 && !this.#finishing && !this.#ended) this.#ask()
    this.#letGo(batch, nak(afterMs))
    await pause(afterMs + REDELIVERY_SLACK, signal)
  }

  /** Takes in what is already on its way, and ends when that has been handled. */
  async finish(): Promise<void> {
    this.#finishing = true
    await within(GIVE_BACK_WITHIN, this.#subscription.drain()).catch(() => undefined)
    this.end()
  }

  /** Ends without what is left: the server delivers it again. */
  lose(): void {
    this.#queue = []
    this.#held.clear()
    this.end()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** Gives back what is left. */
  async close(): Promise<void> {
    this.end()
    for (const timer of this.#timers) clearInterval(timer)
    if (this.#nats.isClosed()) return
    this.#subscription.unsubscribe()
    this.#letGo([...this.#held].sort(byAge), nak(0))
    // Without a connection nothing can be given back: the server delivers it again when its wait is over.
    await within(GIVE_BACK_WITHIN, this.#nats.flush()).catch(() => undefined)
  }

  #ask(): void {
    const { subject, maxBatch } = this.#options
    const request = { batch: maxBatch, expires: nanos(REQUEST_FOR), idle_heartbeat: nanos(HEARTBEAT_EVERY) }
    this.#owed = maxBatch
    this.#heardAt = performance.now()
    this.#nats.publish(subject, JSON.stringify(request), { reply: this.#inbox })
  }

  #hear(msg: Msg): void {
    this.#heardAt = performance.now()
    const status = msg.headers?.code ?? 0
    const delivery = parseDelivery(msg.reply)
    if (delivery && msg.reply) {
      const held = { message: incoming(msg, delivery), reply: msg.reply }
      this.#held.add(held)
      this.#queue.push(held)
      this.#owed -= 1
      this.#wake()
    } else if (ORDINARY_ENDS.has(status)) {
      this.#owed = 0
      this.#wake()
    } else if (status !== 100) {
      this.#fail(new Error(`the server ended the request: ${status} ${msg.headers?.description ?? ''}`.trim()))
    }
  }

  #fail(error: Error): void {
    if (!this.#ended) this.fault = error
    this.end()
  }

  #watch(): void {
    const silent = performance.now() - this.#heardAt > SILENT_AFTER
    if (this.#owed > 0 && silent) this.#fail(new Error('the server fell silent'))
  }

  #letGo(batch: readonly Held[], answer: string): void {
    this.#send(batch, answer)
    for (const held of batch) this.#held.delete(held)
  }

  #send(batch: readonly Held[], answer: string): void {
    if (this.#nats.isClosed()) return
    for (const { reply } of batch) this.#nats.publish(reply, answer)
  }
}

const byAge = (a: Held, b: Held): number => a.message.sequence - b.message.sequence

const nak = (afterMs: number): string => (afterMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(afterMs) })}` : '-NAK')
