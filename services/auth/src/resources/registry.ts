import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import { canonicalResource } from '@gatehouse/token'
import { closedToOAuth, resourcesOf } from './of-profile.ts'
import { type Resource, resource_list, resource_upsert } from './resources.store.ts'

/** The registered resources, as one node knows them. */
export interface Resources {
  /** What tokens may be asked for by that name or alias, in any spelling that `canonicalResource` makes equal. */
  find(identifier: string): Resource | undefined
  /** Where tokens of a request that names no resource are good (RFC 9068 section 3); absent: it has to name one. */
  readonly byDefault: Resource | undefined
  readonly all: readonly Resource[]
}

export type OpenResources = () => Promise<Resources>

export interface Registry {
  readonly open: OpenResources
  /** After a change: the next `open` reads anew. */
  forget(): void
}

/** How long a change that was made elsewhere may be unknown here. */
const FRESH_MS = 5_000

/** Seeds the profile's resources on first use, so that a database that is away at start is no obstacle. */
export function createRegistry(options: {
  readonly profile: Profile
  readonly publicUrl: string
  readonly db: Database
  readonly clock: Clock
}): Registry {
  const { db, clock } = options
  const own = resourcesOf(options.profile, options.publicUrl)
  const listed = new Set(own.map(({ identifier }) => identifier))
  const closed = closedToOAuth(options.profile, options.publicUrl)
  let seeded = false
  let known: { readonly resources: Promise<Resources>; readonly readAt: number } | undefined

  const read = async (): Promise<Resources> => {
    const all = await db.asPlatform('resources', async (tx) => {
      if (!seeded) for (const resource of own) await resource_upsert(tx, resource)
      return resource_list(tx)
    })
    seeded = true
    // One that an earlier profile had is no longer offered.
    return indexed(
      all.filter(({ source, identifier }) => source === 'operator' || listed.has(identifier)),
      closed,
      own[0].identifier,
    )
  }

  return {
    open() {
      const now = clock.now()
      if (known === undefined || Math.abs(now - known.readAt) >= FRESH_MS) {
        const reading = { resources: read(), readAt: now }
        known = reading
        reading.resources.catch(() => {
          if (known === reading) known = undefined
        })
      }
      return known.resources
    },
    forget() {
      known = undefined
    },
  }
}

/** Those of a tenant's own host: its MCP endpoint and no other. They change with the profile alone. */
export function resourcesAt(profile: Profile, origin: string): OpenResources {
  const [endpoint] = resourcesOf(profile, origin)
  const known = Promise.resolve(indexed([endpoint], new Set(), endpoint.identifier))
  return () => known
}

function indexed(all: readonly Resource[], closed: ReadonlySet<string>, defaultIdentifier: string): Resources {
  const byName = new Map<string, Resource>()
  const open = all.filter(({ identifier }) => !closed.has(identifier))
  for (const resource of open) for (const alias of resource.aliases) byName.set(canonicalResource(alias), resource)
  // A resource's own name wins over another's alias.
  for (const resource of open) byName.set(canonicalResource(resource.identifier), resource)
  const find = (identifier: string) => byName.get(canonicalResource(identifier))
  const byDefault = find(defaultIdentifier)
  if (byDefault === undefined && !closed.has(defaultIdentifier))
    throw new Error(`the resource ${defaultIdentifier} is not registered`)
  return { all, byDefault, find }
}

/** RFC 8707 section 2: an absolute URI without a fragment. */
export const isResourceUri = (value: string): boolean =>
  URL.canParse(value) && !value.includes('#') && /^[a-z][a-z0-9+.-]*:/i.test(value)
