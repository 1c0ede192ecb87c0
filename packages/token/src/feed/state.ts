import { type Clock, DELTA_AGE_SECONDS, type Revocation } from '@gatehouse/contracts'
import type { TenantPolicy } from '@gatehouse/policy'
import type { Logger } from '@gatehouse/telemetry'
import { createListeners, type Listeners } from './listeners.ts'
import { createRevocations, type Revocations } from './revocations.ts'

/** What the feed has told so far. */
export interface FeedState {
  readonly revocations: Revocations
  readonly revocationHeard: Listeners<Revocation>
  readonly tenantHeard: Listeners<TenantPolicy>
  tenant(id: string): TenantPolicy | undefined
  tenantBySlug(slug: string): TenantPolicy | undefined
  revoke(revocation: Revocation): void
  setTenant(tenant: TenantPolicy): void
  /**
   * From now on tenants are collected beside the known ones: `anew` when their database was replaced, else on top of them. Streams that were
   * made anew are empty until auth has filled them, and no database loses a tenant.
   */
  beginReread(anew: boolean): void
  /** What was collected replaces the known ones. */
  endReread(): void
  /** Forgets revocations that no living token can meet; does work at most once a minute. */
  sweep(): void
}

const SWEEP_MS = 60_000

export function createFeedState(options: { readonly clock: Clock; readonly log: Logger }): FeedState {
  const { clock, log } = options
  const revocations = createRevocations()
  const revocationHeard = createListeners<Revocation>('revocation', log)
  const tenantHeard = createListeners<TenantPolicy>('tenant', log)
  let tenants = new Map<string, TenantPolicy>()
  /** slug → id; made when it is asked for first after a change of names. */
  let bySlug: Map<string, string> | undefined
  let collecting: Map<string, TenantPolicy> | undefined
  let replaced = false
  let swept = clock.now()

  return {
    revocations,
    revocationHeard,
    tenantHeard,
    tenant: (id) => tenants.get(id),
    tenantBySlug(slug) {
      bySlug ??= new Map([...tenants.values()].map((tenant) => [tenant.slug, tenant.tenant]))
      return tenants.get(bySlug.get(slug) ?? '')
    },
    revoke(revocation) {
      if (revocations.add(revocation)) revocationHeard.tell(revocation)
    },
    setTenant(tenant) {
      if (collecting !== undefined) {
        collecting.set(tenant.tenant, tenant)
        return
      }
      if (same(tenants.get(tenant.tenant), tenant)) return
      if (tenants.get(tenant.tenant)?.slug !== tenant.slug) bySlug = undefined
      tenants.set(tenant.tenant, tenant)
      tenantHeard.tell(tenant)
    },
    beginReread(anew) {
      // A reading that did not come to its end leaves the question open for the next.
      replaced ||= anew
      collecting = new Map(replaced ? [] : tenants)
    },
    endReread() {
      const before = tenants
      tenants = collecting ?? tenants
      bySlug = undefined
      collecting = undefined
      replaced = false
      for (const tenant of tenants.values()) {
        if (!same(before.get(tenant.tenant), tenant)) tenantHeard.tell(tenant)
      }
    },
    sweep() {
      const now = clock.now()
      if (now - swept < SWEEP_MS) return
      swept = now
      revocations.forget(now / 1_000 - DELTA_AGE_SECONDS)
    },
  }
}

function same(one: TenantPolicy | undefined, other: TenantPolicy): boolean {
  if (one === undefined) return false
  return (
    one.tenant === other.tenant &&
    one.slug === other.slug &&
    one.name === other.name &&
    one.plan === other.plan &&
    one.status === other.status &&
    one.mcp === other.mcp
  )
}
