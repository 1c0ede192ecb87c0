import type { Profile, ProfileResource, ProfileScope } from '@gatehouse/profiles'
import { newId } from '../secrets.ts'
import type { Resource, ResourceScope } from './resources.store.ts'

/** The resources that a profile brings: its MCP endpoint, the stream of HTTP+SSE with the same scopes, and those of its list. */
export function resourcesOf(profile: Profile, publicUrl: string): readonly [Resource, ...Resource[]] {
  const { mcp, sse } = profile.paths
  return [
    mcpResource(profile, `${publicUrl}${mcp}`, [publicUrl]),
    ...(sse === undefined ? [] : [mcpResource(profile, `${publicUrl}${sse}`, [])]),
    ...profile.resources.map((one) => listedResource(one, profile, publicUrl)),
  ]
}

/**
 * Endpoints of MCP that take API keys alone: registered, since keys have their scopes, but no token is issued for them. By host, the
 * deployment's own is one: tokens are for the hosts of tenants.
 */
export function closedToOAuth(profile: Profile, publicUrl: string): ReadonlySet<string> {
  const { credentials, tenancy, paths } = profile
  const { mcp, sse } = paths
  if (credentials.includes('oauth') && tenancy.by === 'account') return new Set()
  return new Set([`${publicUrl}${mcp}`, ...(sse === undefined ? [] : [`${publicUrl}${sse}`])])
}

/** With the spellings that clients are known to send for it. */
const mcpResource = (profile: Profile, identifier: string, aliases: readonly string[]): Resource => ({
  ...BORN,
  id: newId('resource'),
  identifier,
  name: profile.server.title,
  aliases: [`${identifier}/`, ...aliases],
  scopes: profile.scopes.map(plain),
  defaultScopes: profile.defaultScopes,
  tokenSeconds: profile.accessTokenSeconds,
})

const listedResource = (of: ProfileResource, profile: Profile, publicUrl: string): Resource => {
  const absolute = (identifier: string) => (identifier.startsWith('/') ? `${publicUrl}${identifier}` : identifier)
  return {
    ...BORN,
    id: newId('resource'),
    identifier: absolute(of.identifier),
    name: of.name,
    aliases: of.aliases.map(absolute),
    scopes: of.scopes.map(plain),
    defaultScopes: of.defaultScopes,
    tokenSeconds: of.accessTokenSeconds ?? profile.accessTokenSeconds,
    jwks: of.publicKeys.length === 0 ? null : { keys: of.publicKeys },
  }
}

const BORN = { source: 'profile', secretHash: null, jwks: null } as const

const plain = ({ name, text, implies }: Pick<ProfileScope, 'name' | 'text' | 'implies'>): ResourceScope => ({
  name,
  text,
  implies,
})
