import type { Profile } from '@gatehouse/profiles'
import type { Resources } from '../resources/registry.ts'

/** Scopes that a key may be given, by the resource that understands them. */
export type OfferedToKeys = readonly {
  readonly resource: string
  readonly scopes: readonly { readonly name: string; readonly text: string }[]
}[]

/**
 * The scopes of all registered resources that the profile lets keys have. The endpoints of MCP share theirs, which are named once; in a plan
 * without MCP they are left out, unless there are no others.
 */
export function keyScopes(profile: Profile, resources: Resources, withMcp: boolean): OfferedToKeys {
  const closed = new Set(
    profile.resources.filter(({ apiKeys }) => apiKeys === false).map(({ identifier }) => identifier),
  )
  const mcp = new Set(profile.scopes.map(({ name }) => name))
  const seen = new Set<string>()
  const groups = resources.all
    .filter(({ identifier }) => !closed.has(identifier) && !closed.has(pathOf(identifier)))
    .map(({ name, scopes }) => ({
      resource: name,
      scopes: scopes
        .filter((scope) => !seen.has(scope.name) && seen.add(scope.name))
        .map((scope) => ({ name: scope.name, text: scope.text })),
    }))
    .filter(({ scopes }) => scopes.length > 0)
  if (withMcp) return groups
  const others = groups.filter(({ scopes }) => !scopes.every(({ name }) => mcp.has(name)))
  return others.length === 0 ? groups : others
}

const pathOf = (identifier: string): string => (URL.canParse(identifier) ? new URL(identifier).pathname : identifier)

/**
 * What is wrong with the scopes of a key, in words.
 * @param held what it has already and may keep
 */
export function faultOfScopes(
  scopes: readonly string[],
  offered: OfferedToKeys,
  held: readonly string[] = [],
): { readonly scopes?: string } {
  if (scopes.length === 0) return { scopes: 'Choose at least one.' }
  const known = new Set([...offered.flatMap((group) => group.scopes.map(({ name }) => name)), ...held])
  const unknown = scopes.find((scope) => !known.has(scope))
  return unknown === undefined ? {} : { scopes: `There is no scope ${unknown.slice(0, 100)}.` }
}
