/**
 * Small shared facts with a life time: counters, single-use marks, leases. Every step is atomic on the server.
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
  increment(key: string, by: number, windowMs: number): Promise<{ readonly count: number; readonly resetMs: number }>
  delete(key: string): Promise<boolean>
  ping(): Promise<void>
  close(): Promise<void>
}

export class KeyValueUnavailable extends Error {
  constructor(cause: unknown) {
    super('key-value store cannot answer', { cause })
    this.name = 'KeyValueUnavailable'
  }
}
