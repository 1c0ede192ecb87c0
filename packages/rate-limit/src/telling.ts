import type { Counted } from '@gatehouse/kv'

/** What is left of the windows that a request counts in. */
export interface Allowance {
  readonly over: boolean
  /** Seconds until the window ends that leaves least, at least 1. */
  readonly retryAfter: number
  readonly headers: Readonly<Record<string, string>>
}

export interface Telling {
  readonly perMinute: number
  /** @param all the tenant's window; absent where it was not counted */
  of(own: Counted, all: Counted | undefined, now: number): Allowance
}

const seconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1_000))
const item = (name: string, left: number, resetMs: number): string => `"${name}";r=${left};t=${seconds(resetMs)}`

/**
 * Counts as answers tell them: `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10, structured fields) of each window,
 * and `X-RateLimit-*` of the one that leaves least, its end in unix seconds.
 */
export function createTelling(perMinute: number, perTenant: number | undefined, windowMs: number): Telling {
  const length = Math.ceil(windowMs / 1_000)
  const ofAll = perTenant === undefined ? '' : `, "tenant";q=${perTenant};w=${length}`
  const policy = `"credential";q=${perMinute};w=${length}${ofAll}`
  const ownLimit = String(perMinute)
  return {
    perMinute,
    of(own, all, now) {
      const ownLeft = Math.max(0, perMinute - own.count)
      let state = item('credential', ownLeft, own.resetMs)
      let limit = perMinute
      let left = ownLeft
      let binding = own
      if (all !== undefined && perTenant !== undefined) {
        const allLeft = Math.max(0, perTenant - all.count)
        state += `, ${item('tenant', allLeft, all.resetMs)}`
        if (allLeft < ownLeft || all.count > perTenant) {
          limit = perTenant
          left = allLeft
          binding = all
        }
      }
      const over = binding.count > limit
      const retryAfter = seconds(binding.resetMs)
      const headers: Record<string, string> = {
        'x-ratelimit-limit': limit === perMinute ? ownLimit : String(limit),
        'x-ratelimit-remaining': String(left),
        'x-ratelimit-reset': String(Math.ceil((now + binding.resetMs) / 1_000)),
        'ratelimit-policy': policy,
        ratelimit: state,
      }
      if (over) headers['retry-after'] = String(retryAfter)
      return { over, retryAfter, headers }
    },
  }
}
