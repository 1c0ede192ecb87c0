import { decideHost, type Principal, type Rules, type TenantPolicy } from '@gatehouse/policy'
import type { Profile, Site, Sites } from '@gatehouse/profiles'
import type { FeedView } from '@gatehouse/token'
import type { EdgeReason } from '../errors.ts'
import type { Prove } from './credential.ts'
import { type Doors, judgeDoors } from './origin.ts'

/** Where a request came in: what is checked there, and what its refusals name. */
export interface Place {
  /** Who a credential is at this place. */
  readonly prove: Prove
  readonly origin: string
  /** Absent where the resource has no OAuth. */
  readonly metadataUrl: string | undefined
  /** Id of the tenant whose host it is, or whom the request names; absent: by account. */
  readonly tenant?: string
}

export interface Arriving {
  readonly host: string | undefined
  readonly origin: string | undefined
  readonly tenantHeader: string | undefined
}

/** Finds the place of a request, or why there is none. */
export type Arrive = (arriving: Arriving) => Place | EdgeReason

/** One place for everybody. */
export const atOnePlace =
  (doors: Doors, place: Place): Arrive =>
  ({ host, origin }) =>
    judgeDoors(doors, host, origin) ?? place

/** Beyond so many, the tenant that was asked for longest ago is forgotten, with the tokens that were verified for it. */
const MAX_PLACES = 1_000

/**
 * A place for each tenant's host; and, where the profile lets keys name their tenant, one at the deployment's own host, for keys alone. A
 * tenant that is not there or has no MCP in its plan is no place: nothing is asked of whoever comes there.
 */
export function atHosts(options: {
  readonly profile: Profile
  readonly sites: Sites
  readonly feed: Pick<FeedView, 'tenantBySlug'>
  readonly rules: Rules
  /** Of the deployment's own host. */
  readonly doors: Doors
  readonly placeOf: (site: Site, tenant: string, by: 'host' | 'header') => Place
}): Arrive {
  const { profile, sites, feed, rules, doors, placeOf } = options
  const places = new Map<string, Place>()
  const place = (tenant: TenantPolicy, by: 'host' | 'header'): Place => {
    const key = `${by} ${tenant.slug} ${tenant.tenant}`
    const known = places.get(key) ?? placeOf(sites.of(tenant.slug), tenant.tenant, by)
    places.delete(key)
    places.set(key, known)
    const oldest = places.size > MAX_PLACES ? places.keys().next().value : undefined
    if (oldest !== undefined) places.delete(oldest)
    return known
  }

  return ({ host, origin, tenantHeader }) => {
    const slug = host === undefined ? undefined : sites.slugOf(host)
    if (slug === undefined) {
      const door = judgeDoors(doors, host, origin)
      if (door !== undefined) return door
      if (!profile.apiKeyTenantHeader || tenantHeader === undefined) return 'host.without-tenant'
    } else if (origin !== undefined && !mayCome(origin, sites.of(slug), doors)) return 'origin.refused'
    const tenant = feed.tenantBySlug(slug ?? tenantHeader ?? '')
    const decision = decideHost(tenant, rules)
    if (tenant === undefined || !decision.allow) {
      return decision.allow || decision.reason === 'tenant.unknown' ? 'host.without-tenant' : 'plan.without-mcp'
    }
    return place(tenant, slug === undefined ? 'header' : 'host')
  }
}

const mayCome = (origin: string, site: Site, doors: Doors): boolean =>
  origin.toLowerCase() === site.origin || doors.origins.has(origin.toLowerCase())

/** Host, header and credential have to name one tenant. A header that nobody asked for is not looked at. */
export function judgeNamed(
  { apiKeyTenantHeader }: Pick<Profile, 'apiKeyTenantHeader'>,
  place: Pick<Place, 'tenant'>,
  of: {
    readonly principal: Principal
    readonly tenant: TenantPolicy | undefined
    readonly header: string | undefined
  },
): 'tenant.unnamed' | 'tenant.mismatch' | undefined {
  const { principal, tenant, header } = of
  if (place.tenant !== undefined && place.tenant !== principal.tenant) return 'tenant.mismatch'
  if (!apiKeyTenantHeader) return undefined
  if (header === undefined) return principal.credential === 'api-key' ? 'tenant.unnamed' : undefined
  return tenant?.slug === header ? undefined : 'tenant.mismatch'
}
