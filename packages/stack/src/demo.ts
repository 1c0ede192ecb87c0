import { authSchema, seedDemo } from '@gatehouse/auth'
import type { Catalog, DemoTenant } from '@gatehouse/catalog'
import { systemClock } from '@gatehouse/contracts'
import type { DatabaseHost } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'

export interface HouseDemo {
  readonly host: DatabaseHost
  readonly profile: Profile
  readonly catalogs: readonly Catalog[]
  readonly password: string
  readonly apiKey: string
}

/** Demo tenants with their people, and realistic rows in each catalog. A second call changes nothing. */
export async function fillDemo({
  host,
  profile,
  catalogs,
  password,
  apiKey,
}: HouseDemo): Promise<readonly DemoTenant[]> {
  const tenants = await seedDemo({ db: host.as(authSchema.role), profile, clock: systemClock, password, apiKey })
  const now = new Date(systemClock.now())
  for (const catalog of catalogs) {
    for (const tenant of tenants) await catalog.demo({ db: host.as(catalog.schema.role), now }, tenant)
  }
  return tenants
}
