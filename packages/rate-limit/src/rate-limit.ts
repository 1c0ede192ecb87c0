import type { Clock } from '@gatehouse/contracts'
import { type Counted, type KeyValue, KeyValueUnavailable } from '@gatehouse/kv'
import { type Allowance, createTelling, type Telling } from './telling.ts'

const WINDOW_MS = 60_000
const LOCAL_WINDOWS = 10_000

/** Whose window it is: a principal is one. */
export interface Limited {
  readonly tenant: string
  /** Id of the credential itself: `jti` of a token, id of a key. */
  readonly credentialId: string
}

interface Keys {
  readonly key: string
  readonly tenantKey: string | undefined
}

export interface RateLimit {
  /**
   * Takes `cost` from the credential's window and from the tenant's; who is over its own takes nothing from the tenant's. One round trip.
   * Never rejects.
   */
  take(limited: Limited, cost: number): Promise<Allowance>
}

/**
 * Fixed windows of 60 s, each from its first request: one per credential and, where `perTenant` is given, one for all credentials of a tenant
 * together. They are counted in the key-value store, so that all nodes share them, and every service of the company that asks with the same
 * store and limits. While the store cannot answer, each node counts alone, with its share of the limits.
 */
export function createRateLimit(options: {
  readonly kv: KeyValue
  readonly clock: Clock
  readonly perMinute: number
  readonly perTenant?: number | undefined
  /** How many nodes count, as last known: what each lets through alone is the limit divided by it. Absent: this one. */
  readonly nodes?: () => number
  /** Of a window; default 60 000. */
  readonly windowMs?: number
  readonly away: (error: unknown) => void
}): RateLimit {
  const { kv, clock, perMinute, perTenant, windowMs = WINDOW_MS, nodes = () => 1 } = options
  const countHere = createLocalWindows(clock, windowMs)
  const tell = (own: number, all: number | undefined) => createTelling(own, all, windowMs)
  const told = tell(perMinute, perTenant)
  /** By the number of nodes. */
  let alone: { readonly nodes: number; readonly told: Telling } = { nodes: 1, told }

  const takeHere = (error: unknown, key: string, tenantKey: string | undefined, cost: number): Allowance => {
    if (!(error instanceof KeyValueUnavailable)) throw error
    options.away(error)
    const among = Math.max(1, nodes())
    if (alone.nodes !== among) {
      const share = (limit: number) => Math.max(1, Math.floor(limit / among))
      alone = { nodes: among, told: tell(share(perMinute), perTenant && share(perTenant)) }
    }
    const own = countHere(key, cost)
    const within = tenantKey !== undefined && own.count <= alone.told.perMinute
    return alone.told.of(own, within ? countHere(tenantKey, cost) : undefined, clock.now())
  }
  /** By principal, which is the same object for all requests with a credential that is known. */
  const keys = new WeakMap<Limited, Keys>()
  const keysOf = (limited: Limited): Keys => {
    let known = keys.get(limited)
    if (known === undefined) {
      const { tenant, credentialId } = limited
      known = {
        key: `limit:{${tenant}}:${credentialId}`,
        tenantKey: perTenant === undefined ? undefined : `limit:{${tenant}}`,
      }
      keys.set(limited, known)
    }
    return known
  }
  return {
    async take(limited, cost) {
      const { key, tenantKey } = keysOf(limited)
      try {
        if (tenantKey === undefined) return told.of(await kv.increment(key, cost, windowMs), undefined, clock.now())
        const [own, all] = await kv.incrementWithin([key, tenantKey], perMinute, cost, windowMs)
        return told.of(own, all, clock.now())
      } catch (error) {
        return takeHere(error, key, tenantKey, cost)
      }
    },
  }
}

/** Windows in memory, by key; those unused longest are forgotten. */
export function createLocalWindows(clock: Clock, windowMs = WINDOW_MS) {
  const windows = new Map<string, { count: number; endsAt: number }>()
  return (key: string, cost: number): Counted => {
    const now = clock.now()
    const known = windows.get(key)
    const window = known !== undefined && known.endsAt > now ? known : { count: 0, endsAt: now + windowMs }
    window.count += cost
    windows.delete(key)
    windows.set(key, window)
    const oldest = windows.size > LOCAL_WINDOWS ? windows.keys().next().value : undefined
    if (oldest !== undefined) windows.delete(oldest)
    return { count: window.count, resetMs: window.endsAt - now }
  }
}
