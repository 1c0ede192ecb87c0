import type { Reason } from '../errors.ts'
import type { Params } from '../http/form.ts'
import { isResourceUri, type Resources } from './registry.ts'
import type { Resource } from './resources.store.ts'

/** The resources that a token request names: registered ones, each once; or what is wrong with the names. */
export type Named = readonly Resource[] | Reason

/** RFC 8707 section 2. */
export function namedResources(form: Params, resources: Resources): Named {
  const named = new Set<Resource>()
  for (const name of form.all('resource')) {
    if (!isResourceUri(name)) return 'resource.malformed'
    const resource = resources.find(name)
    if (resource === undefined) return 'resource.unknown'
    named.add(resource)
  }
  return [...named]
}

/**
 * The one resource that a token is for. A request may only name what was bound; without a name it is the only one that was.
 * @param bound identifiers of the grant
 */
export function pickResource(named: Named, bound: readonly string[], resources: Resources): Resource | Reason {
  if (typeof named === 'string') return named
  if (named.some(({ identifier }) => !bound.includes(identifier))) return 'resource.unknown'
  const [only, ...more] = named.length > 0 ? named : bound.map((identifier) => resources.find(identifier))
  if (more.length > 0) return 'resource.several'
  // Removed since it was bound.
  return only ?? 'resource.unknown'
}
