import type { OPERATIONS } from '../admin/operations.ts'

/** One good use of an operation of the admin API. */
export interface Use {
  readonly method: (typeof OPERATIONS)[number]['method']
  /** As in the table of operations; what stands in braces comes from what is known by then. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly body?: Readonly<Record<string, unknown>>
  /** What is known from the answer on, by the place in it. */
  readonly keeps?: Readonly<Record<string, string>>
}

const use = (method: Use['method'], path: string, rest: Omit<Use, 'method' | 'path'> = {}): Use => ({
  method,
  path,
  ...rest,
})

const scopes = [{ name: 'reports:read', text: 'Read reports' }]
const jwks = {
  keys: [
    {
      ...{ kty: 'EC', crv: 'P-256', kid: 'k', alg: 'ES256' },
      // RFC 7517, appendix A.1.
      x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
      y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
    },
  ],
}

/**
 * Every operation once or more, in an order in which each has something to work on. Known from the beginning: `member`, a person of the demo
 * who is signed in, and `grant`, what somebody allowed.
 */
export const EVERY_OPERATION: readonly Use[] = [
  use('GET', '/plans', { keeps: { plan: 'plans.0.name' } }),
  use('GET', '/roles', { keeps: { role: 'roles.1.name' } }),
  use('GET', '/tenants'),
  use('POST', '/tenants', {
    body: { slug: 'umbrella', name: 'Umbrella', plan: '{plan}', mcp: true },
    keeps: { tenant: 'id' },
  }),
  use('PATCH', '/tenants/{tenant}', { body: { name: 'Umbrella Corporation', mcp: false, status: 'active' } }),
  use('POST', '/tenants/{tenant}/people', {
    body: { email: 'rosa@umbrella.test', name: 'Rosa', role: '{role}' },
    keeps: { person: 'id' },
  }),
  use('GET', '/tenants/{tenant}/people'),
  use('PATCH', '/tenants/{tenant}/people/{person}', { body: { role: '{role}' } }),
  use('GET', '/people', { query: { email: 'rosa@umbrella.test' } }),
  use('GET', '/people/{person}'),
  use('PATCH', '/people/{person}', { body: { name: 'Rosa Diaz', status: 'active' } }),
  use('POST', '/people/{person}/password-link', { body: { send: true } }),
  use('GET', '/grants', { query: { limit: '10' } }),
  use('DELETE', '/grants/{grant}'),
  use('GET', '/people/{member}/consents', { keeps: { consent: 'consents.0.id' } }),
  use('DELETE', '/people/{member}/consents/{consent}'),
  use('GET', '/people/{member}/sessions', { keeps: { session: 'sessions.0.id' } }),
  use('DELETE', '/sessions/{session}'),
  use('DELETE', '/people/{member}/sessions', { query: { applications: 'revoke' } }),
  use('POST', '/upstream-providers', {
    body: { id: 'corp', label: 'Corp', issuer: 'https://id.example', clientId: 'gatehouse', clientSecret: 's' },
  }),
  use('GET', '/upstream-providers'),
  use('PATCH', '/tenants/{tenant}/sign-in-policies/corp', {
    body: { policy: 'join', domains: ['umbrella.test'], role: '{role}' },
  }),
  use('GET', '/tenants/{tenant}/sign-in-policies'),
  use('POST', '/tenants/{tenant}/invitations', {
    body: { email: 'hana@umbrella.test', role: '{role}', send: true },
    keeps: { invitation: 'id' },
  }),
  use('GET', '/tenants/{tenant}/invitations'),
  use('DELETE', '/invitations/{invitation}'),
  use('DELETE', '/upstream-providers/corp'),
  use('POST', '/clients', {
    body: { name: 'Web', redirectUris: ['https://web.example/cb'], authMethod: 'client_secret_basic', jwks: null },
    keeps: { client: 'id' },
  }),
  use('POST', '/clients', {
    body: { name: 'Job', redirectUris: ['https://job.example/cb'], authMethod: 'private_key_jwt', jwks },
  }),
  use('GET', '/clients', { query: { limit: '10' } }),
  use('GET', '/clients/{client}'),
  use('PATCH', '/clients/{client}', { body: { name: 'Web app', disabled: false } }),
  use('POST', '/clients/{client}/secret'),
  use('DELETE', '/clients/{client}'),
  use('POST', '/tenants/{tenant}/client-hosts', { body: { host: 'claude.ai', rule: 'deny' } }),
  use('GET', '/tenants/{tenant}/client-hosts'),
  use('DELETE', '/tenants/{tenant}/client-hosts/claude.ai'),
  use('POST', '/tenants/{tenant}/api-keys', {
    body: { name: 'nightly', scopes: ['mcp:read'], expiresAt: '2999-01-01T00:00:00Z' },
    keeps: { key: 'id' },
  }),
  use('GET', '/tenants/{tenant}/api-keys'),
  use('PATCH', '/api-keys/{key}', { body: { name: 'weekly', scopes: ['mcp:read'] } }),
  use('GET', '/explain', { query: { key: '{key}', needs: 'mcp:write' } }),
  use('GET', '/explain', { query: { person: '{person}', tenant: '{tenant}', permissions: 'entries:write' } }),
  use('DELETE', '/api-keys/{key}'),
  use('POST', '/resources', {
    body: { identifier: 'https://reports.example', name: 'Reports', scopes, defaultScopes: ['reports:read'] },
    keeps: { resource: 'id' },
  }),
  use('GET', '/resources'),
  use('GET', '/resources/{resource}'),
  use('PATCH', '/resources/{resource}', { body: { name: 'Reporting', tokenSeconds: 300 } }),
  use('POST', '/resources/{resource}/credential', { body: {} }),
  use('DELETE', '/resources/{resource}'),
  use('GET', '/keyrings', { keeps: { ring: 'keyrings.0.ring' } }),
  use('POST', '/keyrings/{ring}/rotate', { body: {} }),
  use('GET', '/feed'),
  use('POST', '/feed/rebuild', { body: {} }),
  use('GET', '/doctor'),
  use('DELETE', '/tenants/{tenant}/people/{person}'),
  use('DELETE', '/people/{person}'),
]

/** Fills in what stands in braces. @throws Error for what is not known */
export function filled<T>(value: T, known: Readonly<Record<string, string>>): T {
  const text = JSON.stringify(value).replace(/\{(\w+)\}/g, (_all, name: string) => {
    if (known[name] === undefined) throw new Error(`${name} is not known yet`)
    return known[name]
  })
  return JSON.parse(text) as T
}

/** The value at a place as `keys.0.id`. */
export const at = (value: unknown, place: string): unknown =>
  place.split('.').reduce<unknown>((of, name) => (of as Record<string, unknown> | undefined)?.[name], value)
