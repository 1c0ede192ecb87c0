export type ServiceName = 'auth' | 'mcp' | 'audit'

/** A path or, with `/*` at its end, everything below it (the bare prefix included). First match wins. */
export interface Route {
  readonly path: string
  readonly service: ServiceName
}

/**
 * Which service answers which path. `stack`, compose, Ingress and Gateway routes are made from this one table.
 * Paths that a profile names (the MCP endpoint, the SSE pair, registration) come from it.
 */
export function routes(profile: {
  readonly paths: {
    readonly mcp: string
    readonly sse?: string | undefined
    readonly messages?: string | undefined
    readonly register: string
    readonly authorizedApps: string
  }
}): readonly Route[] {
  const { mcp, sse, messages, register, authorizedApps } = profile.paths
  return [
    { path: '/.well-known/oauth-protected-resource/*', service: 'mcp' },
    { path: '/.well-known/oauth-authorization-server/*', service: 'auth' },
    { path: '/.well-known/openid-configuration/*', service: 'auth' },
    { path: '/.well-known/jwks.json', service: 'auth' },
    ...[mcp, ...(sse === undefined ? [] : [sse])].flatMap((endpoint): Route[] => [
      { path: `${endpoint}/.well-known/openid-configuration`, service: 'auth' },
      { path: `${endpoint}/.well-known/oauth-authorization-server`, service: 'auth' },
    ]),
    { path: mcp, service: 'mcp' },
    ...(sse === undefined ? [] : [{ path: sse, service: 'mcp' } as const]),
    ...(messages === undefined ? [] : [{ path: messages, service: 'mcp' } as const]),
    { path: '/admin/v1/audit/*', service: 'audit' },
    { path: '/activity/*', service: 'audit' },
    { path: '/admin/v1/*', service: 'auth' },
    { path: '/oauth/*', service: 'auth' },
    { path: `${register}/*`, service: 'auth' },
    { path: `${authorizedApps}/*`, service: 'auth' },
    { path: '/sign-in/*', service: 'auth' },
    { path: '/sign-out', service: 'auth' },
    { path: '/settings/*', service: 'auth' },
    { path: '/assets/*', service: 'auth' },
    { path: '/', service: 'auth' },
  ]
}

/** The service that answers a path (without query), or `undefined` when nobody does. */
export function serviceFor(table: readonly Route[], path: string): ServiceName | undefined {
  for (const route of table) {
    if (route.path.endsWith('/*')) {
      const prefix = route.path.slice(0, -2)
      if (path === prefix || path.startsWith(`${prefix}/`)) return route.service
    } else if (path === route.path) return route.service
  }
  return undefined
}
