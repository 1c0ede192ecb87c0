import type { Profile } from '@gatehouse/profiles'
import type { Resources } from '../resources/registry.ts'

/** Scopes that a key may be given, by the resource that understands them. */
export type OfferedToKeys = readonly {
  readonly resource: string
  readonly scopes: readonly { readonly name: string; readonly text: string }[]
}[]

/**
 * The scopes of all registered resources that the profile lets keys have, each named once. In a plan without MCP those that its endpoints
 * alone understand are left out, unless there are no others.
 */
export function keyScopes(profile: Profile, resources: Resources, withMcp: boolean): OfferedToKeys {
  const closed = new Set(
    profile.resources.filter(({ apiKeys }) => apiKeys === false).map(({ identifier }) => identifier),
  )
  const open = resources.all.filter(({ identifier }) => !closed.has(identifier) && !closed.has(pathOf(identifier)))
  const endpoints = new Set([profile.paths.mcp, profile.paths.sse])
  const others = open.filter(({ identifier }) => !endpoints.has(pathOf(identifier)))
  const seen = new Set<string>()
  return (withMcp || others.length === 0 ? open : others)
    .map(({ name, scopes }) => ({
      resource: name,
      scopes: scopes
        .filter((scope) => !seen.has(scope.name) && seen.add(scope.name))
        .map((scope) => ({ name: scope.name, text: scope.text })),
    }))
    .filter(({ scopes }) => scopes.length > 0)
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
