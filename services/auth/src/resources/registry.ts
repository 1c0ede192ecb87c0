import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import { canonicalResource } from '@gatehouse/token'
import { type Resource, resource_list, resource_upsert } from './resources.store.ts'

/** The registered resources, as one node knows them. */
export interface Resources {
  /** The resource of that name or alias, in any spelling that `canonicalResource` makes equal. */
  find(identifier: string): Resource | undefined
  /** Where tokens of a request that names no resource are good (RFC 9068 section 3). */
  readonly byDefault: Resource
}

export type OpenResources = () => Promise<Resources>

/** How long a resource that was registered elsewhere may be unknown here. */
const FRESH_MS = 30_000

/** The profile's own resource, with the spellings that clients are known to send for it. */
export function resourceOf(profile: Profile, publicUrl: string): Resource {
  const identifier = `${publicUrl}${profile.paths.mcp}`
  return {
    identifier,
    name: profile.server.title,
    aliases: [`${identifier}/`, publicUrl],
    scopes: profile.scopes.map((scope) => scope.name),
    tokenSeconds: profile.accessTokenSeconds,
  }
}

/** Seeds the profile's resource on first use, so that a database that is away at start is no obstacle. */
export function createRegistry(options: {
  readonly profile: Profile
  readonly publicUrl: string
  readonly db: Database
  readonly clock: Clock
}): OpenResources {
  const { db, clock } = options
  const own = resourceOf(options.profile, options.publicUrl)
  let seeded = false
  let known: { readonly resources: Promise<Resources>; readonly readAt: number } | undefined

  const read = async (): Promise<Resources> => {
    const all = await db.asPlatform('resources', async (tx) => {
      if (!seeded) await resource_upsert(tx, own)
      return resource_list(tx)
    })
    seeded = true
    return indexed(all, own)
  }

  return () => {
    const now = clock.now()
    if (known === undefined || Math.abs(now - known.readAt) >= FRESH_MS) {
      const reading = { resources: read(), readAt: now }
      known = reading
      reading.resources.catch(() => {
        if (known === reading) known = undefined
      })
    }
    return known.resources
  }
}

export function indexed(all: readonly Resource[], byDefault: Resource): Resources {
  const byName = new Map<string, Resource>()
  for (const resource of all) for (const alias of resource.aliases) byName.set(canonicalResource(alias), resource)
  // A resource's own name wins over another's alias.
  for (const resource of all) byName.set(canonicalResource(resource.identifier), resource)
  return { byDefault, find: (identifier) => byName.get(canonicalResource(identifier)) }
}

/** RFC 8707 section 2: an absolute URI without a fragment. */
export const isResourceUri = (value: string): boolean =>
  URL.canParse(value) && !value.includes('#') && /^[a-z][a-z0-9+.-]*:/i.test(value)
