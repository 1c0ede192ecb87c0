/**
 * Small shared facts with a life time: counters, single-use marks, leases, maps; and messages between nodes. Every step is atomic on the
 * server.
 * Keys that belong together carry a hash tag, `{tenant}`. Durations in milliseconds.
 * Every method throws `KeyValueUnavailable` when the server cannot answer in time.
 */
export interface KeyValue {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string, ttlMs: number): Promise<void>
  /** `true` for the first caller only, until the time runs out (SET NX PX). */
  claim(key: string, value: string, ttlMs: number): Promise<boolean>
  /** Reads and deletes in one step (GETDEL). */
  take(key: string): Promise<string | undefined>
  /** Adds to a fixed window that starts at the first call and ends `windowMs` later. One round trip. */
  increment(key: string, by: number, windowMs: number): Promise<Counted>
  /**
   * Adds to a fixed window, and, unless that is over `limit` then, to another that shares its hash tag. One round trip.
   * @returns the second is absent where it was not counted
   */
  incrementWithin(
    keys: readonly [first: string, second: string],
    limit: number,
    by: number,
    windowMs: number,
  ): Promise<readonly [first: Counted, second?: Counted]>
  delete(key: string): Promise<boolean>
  /** Fields of a map; all of them without `fields`. A field that is not there is left out; a map that is not there is empty. */
  readMap(key: string, fields?: readonly string[]): Promise<ReadonlyMap<string, string>>
  /**
   * Changes a map in one step, or not at all where a condition does not hold, and tells what `read` held before. A change sets the life
   * time of the whole map anew. One round trip.
   */
  changeMap(
    key: string,
    change: MapChange,
    ttlMs: number,
    read?: readonly string[],
  ): Promise<{ readonly changed: boolean; readonly before: ReadonlyMap<string, string> }>
  /** Tells everyone who listens to the channel at this moment, on any node; nobody may. For small messages. */
  publish(channel: string, message: string): Promise<void>
  /**
   * Listens to a channel over a connection of its own, which comes back by itself: then `lost` says that messages may have been missed. A
   * server that is away does not fail it: it listens as soon as it can, and `lost` tells when. Listeners must not throw.
   */
  subscribe(channel: string, listener: ChannelListener): Promise<Subscription>
  ping(): Promise<void>
  close(): Promise<void>
}

export interface Counted {
  readonly count: number
  /** Until the window ends. */
  readonly resetMs: number
}

/** What is done to a map, and when. Nothing is done unless every condition holds. */
export interface MapChange {
  /** Removes all fields first. */
  readonly clear?: boolean
  readonly set?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
  /** The map must not have this field. */
  readonly unless?: string
  /** The map must have this field with this value. */
  readonly where?: readonly [field: string, value: string]
  /** The map must have no more fields than this afterwards, where the change adds any. */
  readonly atMost?: number
}

export interface ChannelListener {
  message(text: string): void
  lost(): void
}

export interface Subscription {
  stop(): Promise<void>
}

export class KeyValueUnavailable extends Error {
  constructor(cause: unknown) {
    super('key-value store cannot answer', { cause })
    this.name = 'KeyValueUnavailable'
  }
}
