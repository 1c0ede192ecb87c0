import type { Clock } from '@gatehouse/contracts'
import { type KeyValue, KeyValueUnavailable, openKeyValue } from '@gatehouse/kv'
import type { Logger } from '@gatehouse/telemetry'
import { Refusal } from '../errors.ts'

export interface Limit {
  readonly limit: number
  readonly windowMs: number
}

/** Counts attempts in fixed windows. */
export interface Limiter {
  /** Counts one. @returns seconds to wait when it was one too many, else `undefined` */
  count(key: string, limit: Limit): Promise<number | undefined>
  /** Counts one. @throws Refusal (429) when it was one too many */
  need(key: string, limit: Limit): Promise<void>
  forget(key: string): Promise<void>
}

/**
 * Over the shared store. While that is away each node counts for itself: an attacker then has as many tries as there are nodes times
 * the limit, which is better than nobody being able to sign in.
 */
export function createLimiter(options: {
  readonly kv: KeyValue
  readonly clock: Clock
  readonly log: Logger
}): Limiter {
  const { kv, log } = options
  const local = openKeyValue('memory:', { clock: options.clock })
  let away = false
  const shared = async <T>(work: (store: KeyValue) => Promise<T>): Promise<T> => {
    try {
      const result = await work(kv)
      away = false
      return result
    } catch (error) {
      if (!(error instanceof KeyValueUnavailable)) throw error
      if (!away) log.warn({ err: error }, 'limits are counted by this node alone')
      away = true
      return work(await local)
    }
  }
  const count: Limiter['count'] = async (key, { limit, windowMs }) => {
    const { count, resetMs } = await shared((store) => store.increment(`auth:limit:${key}`, 1, windowMs))
    return count > limit ? Math.max(1, Math.ceil(resetMs / 1_000)) : undefined
  }
  return {
    count,
    async need(key, limit) {
      const wait = await count(key, limit)
      if (wait !== undefined) throw new Refusal('rate.exceeded', { retryAfterSeconds: wait })
    },
    async forget(key) {
      await shared((store) => store.delete(`auth:limit:${key}`))
    },
  }
}
