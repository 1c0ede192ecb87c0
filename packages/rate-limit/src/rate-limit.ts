import type { Clock } from '@gatehouse/contracts'
import { type KeyValue, KeyValueUnavailable } from '@gatehouse/kv'

const WINDOW_MS = 60_000
const LOCAL_WINDOWS = 10_000

/** Whose window it is: a principal is one. */
export interface Limited {
  readonly tenant: string
  /** Id of the credential itself: `jti` of a token, id of a key. */
  readonly credentialId: string
}

/** What is left of a credential's window. */
export interface Allowance {
  readonly over: boolean
  /** Seconds until the window ends, at least 1. */
  readonly retryAfter: number
  readonly headers: Readonly<Record<string, string>>
}

export interface RateLimit {
  /** Takes `cost` from the credential's window. One round trip. Never rejects. */
  take(limited: Limited, cost: number): Promise<Allowance>
}

/**
 * A fixed window of 60 s per credential, from its first request, counted in the key-value store so that all nodes share it, and every
 * service of the company that asks with the same store and limit. While the
 * store cannot answer, this node counts alone with a window of the same size: n nodes then let through up to n times the limit, which
 * is better than refusing everyone or counting nobody.
 */
export function createRateLimit(options: {
  readonly kv: KeyValue
  readonly clock: Clock
  readonly perMinute: number
  readonly away: (error: unknown) => void
}): RateLimit {
  const { kv, clock, perMinute } = options
  const countHere = createLocalWindows(clock)
  return {
    take({ tenant, credentialId }, cost) {
      const key = `limit:{${tenant}}:${credentialId}`
      return kv.increment(key, cost, WINDOW_MS).then(
        ({ count, resetMs }) => allowance(perMinute, count, resetMs, clock.now()),
        (error: unknown) => {
          if (!(error instanceof KeyValueUnavailable)) throw error
          options.away(error)
          const { count, resetMs } = countHere(key, cost)
          return allowance(perMinute, count, resetMs, clock.now())
        },
      )
    },
  }
}

function allowance(perMinute: number, count: number, resetMs: number, now: number): Allowance {
  const over = count > perMinute
  const retryAfter = Math.max(1, Math.ceil(resetMs / 1_000))
  const headers: Record<string, string> = {
    'x-ratelimit-limit': String(perMinute),
    'x-ratelimit-remaining': String(Math.max(0, perMinute - count)),
    'x-ratelimit-reset': String(Math.ceil((now + resetMs) / 1_000)),
  }
  if (over) headers['retry-after'] = String(retryAfter)
  return { over, retryAfter, headers }
}

/** Windows of one minute in memory, by key; those unused longest are forgotten. */
export function createLocalWindows(clock: Clock) {
  const windows = new Map<string, { count: number; endsAt: number }>()
  return (key: string, cost: number): { count: number; resetMs: number } => {
    const now = clock.now()
    const known = windows.get(key)
    const window = known !== undefined && known.endsAt > now ? known : { count: 0, endsAt: now + WINDOW_MS }
    window.count += cost
    windows.delete(key)
    windows.set(key, window)
    const oldest = windows.size > LOCAL_WINDOWS ? windows.keys().next().value : undefined
    if (oldest !== undefined) windows.delete(oldest)
    return { count: window.count, resetMs: window.endsAt - now }
  }
}
