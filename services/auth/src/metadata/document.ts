import { type Facts, FEATURES, type Feature } from './features.ts'

/** The discovery document: RFC 8414 section 2 and OpenID Connect Discovery section 3 in one, from what is really on. */
export const serverMetadata = (facts: Facts, features: readonly Feature[] = FEATURES): Record<string, unknown> =>
  Object.assign({}, ...features.filter(({ on }) => on?.(facts) ?? true).map(({ fields }) => fields(facts)))

const OAUTH = '/.well-known/oauth-authorization-server'
const OPENID = '/.well-known/openid-configuration'

/**
 * Where clients look: below the origin as the issuer has no path, and, since some take the address of the MCP endpoint for the issuer,
 * with that path inserted (RFC 8414 section 3.1) and in front (OpenID Connect Discovery section 4).
 */
export function documentPlaces({ profile }: Pick<Facts, 'profile'>): readonly string[] {
  const { mcp, sse } = profile.paths
  const endpoints = [mcp, ...(sse === undefined ? [] : [sse])]
  return [OAUTH, ...(profile.openid ? [OPENID] : [])].flatMap((place) => [
    place,
    ...endpoints.flatMap((endpoint) => [`${place}${endpoint}`, `${endpoint}${place}`]),
  ])
}
