import type { Bus } from '@gatehouse/bus'
import type { Clock, Revocation } from '@gatehouse/contracts'
import type { Principal, TenantPolicy } from '@gatehouse/policy'
import type { Logger } from '@gatehouse/telemetry'

/**
 * `fresh`: what auth took back is known here. `stale`: it may not be; ask auth itself.
 * `expired`: it has been unknown for so long that nothing may rest on it any more, or it never was known.
 */
export type Freshness = 'fresh' | 'stale' | 'expired'

/** What a node knows of auth's state. All reads are from memory. */
export interface FeedView {
  /** Whether the credential behind this principal was taken back. */
  revoked(principal: Principal): boolean
  /**
   * The principal as it is now: its person may have selected another tenant since the token was issued, which then speaks for that one. Whoever
   * keeps a principal while time goes by finds out by `revoked`, which is true of one that speaks for a tenant no longer selected.
   */
  current(principal: Principal): Principal
  tenant(id: string): TenantPolicy | undefined
  tenantBySlug(slug: string): TenantPolicy | undefined
  freshness(): Freshness
  /** Hears each revocation once, as it becomes known. The returned function ends it. A listener's error is logged. */
  onRevocation(listener: (revocation: Revocation) => void): () => void
  /** Hears a tenant when it becomes known or changes. */
  onTenant(listener: (tenant: TenantPolicy) => void): () => void
}

export interface Feed {
  readonly view: FeedView
  /** Resolves when everything older than the call of `followFeed` is known and a tick was read; rejects when stopped before. */
  ready(): Promise<void>
  stop(): Promise<void>
}

export interface FeedOptions {
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  /** The feed id that is ours. Without it the newest one is, and a new one is taken over when auth's database was replaced. */
  readonly feed?: string
  readonly staleAfterSeconds?: number
  readonly graceSeconds?: number
  /** Milliseconds of a clock that never jumps; by it the age of ticks is measured. */
  readonly monotonic?: () => number
}
