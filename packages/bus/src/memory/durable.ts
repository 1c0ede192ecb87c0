import { subjectPattern } from '../subjects.ts'
import { readMessages, type StoredMessage } from './messages.store.ts'
import type { Parts } from './parts.ts'
import { headOf, positionOf, savePosition } from './streams.store.ts'

/** Messages that one worker has in hand. */
export interface Batch {
  readonly messages: readonly StoredMessage[]
  readonly delivery: number
}

const firstOf = ({ messages }: Batch): number => messages[0]?.sequence ?? Number.POSITIVE_INFINITY

/**
 * What the workers of one durable name share: how far messages were handed out, and which of them are still in hand.
 * The stored position is the highest below which everything has been acknowledged, so that what was in hand when the
 * process ended comes again.
 */
export class Durable {
  readonly stream: string
  readonly name: string
  readonly #parts: Parts
  readonly #inHand = new Set<Batch>()
  #returned: Batch[] = []
  #incarnation: string | undefined
  #cursor = 0
  /** Ends when the running take has ended: takes run one after the other, so that none sees another's messages. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(parts: Parts, stream: string, name: string) {
    this.#parts = parts
    this.stream = stream
    this.name = name
  }

  /** The next messages, oldest first, or `undefined` when there are none. @throws when the stream cannot be read */
  take(filter: string, limit: number): Promise<Batch | undefined> {
    const taken = this.#turn.then(() => this.#next(filter, limit))
    this.#turn = taken.catch(() => undefined)
    return taken
  }

  async acknowledge(batch: Batch): Promise<void> {
    // A batch of a stream that has been created anew since says nothing about the new one.
    if (!this.#inHand.delete(batch)) return
    const outstanding = [...this.#inHand, ...this.#returned].map(firstOf)
    const position = Math.min(this.#cursor, ...outstanding.map((first) => first - 1))
    await this.#parts.database.asPlatform('bus: acknowledge', (tx) =>
      savePosition(tx, this.stream, this.name, position),
    )
  }

  /** Exchanges a batch for the same with a higher delivery count. */
  refuse(batch: Batch): Batch {
    const again = { ...batch, delivery: batch.delivery + 1 }
    if (this.#inHand.delete(batch)) this.#inHand.add(again)
    return again
  }

  /** Leaves a batch to another worker. */
  giveBack(batch: Batch): void {
    if (!this.#inHand.delete(batch)) return
    this.#returned = [...this.#returned, batch].sort((a, b) => firstOf(a) - firstOf(b))
    this.#parts.wakeups.wake(this.stream)
  }

  async #next(filter: string, limit: number): Promise<Batch | undefined> {
    const fresh = await this.#read(filter, limit)
    const batch = this.#returned.shift() ?? fresh
    if (!batch) return undefined
    if (batch === fresh) this.#cursor = batch.messages.at(-1)?.sequence ?? this.#cursor
    this.#inHand.add(batch)
    return batch
  }

  async #read(filter: string, limit: number): Promise<Batch | undefined> {
    const { database, clock } = this.#parts
    const messages = await database.asPlatform('bus: take', async (tx) => {
      const head = await headOf(tx, this.stream)
      if (!head) throw new Error(`there is no stream ${this.stream}: run the migration step`)
      if (head.incarnation !== this.#incarnation) {
        this.#restart(head.incarnation, await positionOf(tx, this.stream, this.name))
      }
      const age = head.maxAgeSeconds
      const notBefore = new Date(age === undefined ? 0 : clock.now() - age * 1_000)
      return readMessages(tx, {
        stream: this.stream,
        after: this.#cursor,
        pattern: subjectPattern(filter),
        notBefore,
        limit,
      })
    })
    return messages.length === 0 ? undefined : { messages, delivery: 1 }
  }

  #restart(incarnation: string, position: number): void {
    this.#incarnation = incarnation
    this.#cursor = position
    this.#inHand.clear()
    this.#returned = []
  }
}
