import type { StreamDefinition } from '@gatehouse/contracts'

/** A message to be stored in a stream. `id` makes a repeated publish harmless inside the stream's duplicate window. */
export interface OutgoingMessage {
  readonly subject: string
  readonly id: string
  readonly data: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
}

export interface IncomingMessage {
  readonly subject: string
  /** Position in the stream, from 1. */
  readonly sequence: number
  readonly time: Date
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** 1 for the first delivery. */
  readonly delivery: number
}

/** Where a follower starts. */
export type From = 'first' | 'last-per-subject' | 'new' | { readonly sequence: number } | { readonly time: Date }

/** What `from` means for a stream that was created anew: all of it is new. */
export const afterGone = (from: From): From => (from === 'last-per-subject' ? from : 'first')

/** Reads a stream in order without acknowledging; each follower sees every message. Survives reconnects without a gap. */
export interface Follower {
  /** Resolves when all that was stored before the follower was opened has been handled. */
  readonly caughtUp: Promise<void>
  /** Sequence of the last message that was handled, 0 before the first. */
  readonly position: number
  stop(): Promise<void>
}

/** Shares a stream's messages among the consumers of one durable name. */
export interface Consumer {
  /** Finishes what it has in hand, then stops. */
  stop(): Promise<void>
}

export interface Bus {
  readonly driver: 'memory' | 'nats'
  /** Stored durably when it resolves. @throws BusUnavailable; @throws InsideTransactionError inside a transaction */
  publish(message: OutgoingMessage): Promise<{ readonly sequence: number; readonly duplicate: boolean }>
  /**
   * Each batch is acknowledged when `handle` resolves; when it throws, all of it comes again after a pause,
   * so `handle` must bear repeats. At most `maxBatch` messages (default 100), in stream order.
   */
  consume(
    stream: string,
    options: { readonly durable: string; readonly filter?: string; readonly maxBatch?: number },
    handle: (messages: readonly IncomingMessage[]) => Promise<void>,
  ): Promise<Consumer>
  /** `handle` is called in order and must not throw; a throw is logged and the message counts as handled. */
  follow(
    stream: string,
    options: { readonly filter?: string; readonly from: From; readonly onGone?: () => void },
    handle: (message: IncomingMessage) => void,
  ): Promise<Follower>
  /** Creates what is missing and updates what differs. Only the migration step calls it. */
  ensureStreams(streams: readonly StreamDefinition[]): Promise<void>
  /** Deletes streams with all that they hold and creates them anew; followers hear `onGone`. For what can be told again. */
  recreateStreams(streams: readonly StreamDefinition[]): Promise<void>
  /** @throws BusUnavailable when the server does not answer within two seconds */
  ping(): Promise<void>
  close(): Promise<void>
}

export class BusUnavailable extends Error {
  constructor(cause: unknown) {
    super('message bus cannot answer', { cause })
    this.name = 'BusUnavailable'
  }
}

/** The cause when a subject is published that no stream stores. */
export const noStreamFor = (subject: string, cause?: unknown): Error =>
  new Error(`no stream takes "${subject}": run the migration step`, { cause })
