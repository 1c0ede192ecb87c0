import { type Route, routes, type ServiceName, serviceFor } from '@gatehouse/contracts'
import { activityScript } from '@gatehouse/pages'
import type { Test } from 'tap'
import type { Running } from './running.ts'
import { type Answer, ask } from './wire.ts'

export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

/** What a path answers to each method, in the order of `METHODS`, without a body; the admin API with the operator's token. */
export interface Served {
  readonly path: string
  readonly service: ServiceName
  readonly statuses: readonly [number, number, number, number, number, number, number]
  /** Of the answer to GET. */
  readonly type: RegExp
  /** What only this service can know, in the body of GET. */
  readonly shows: RegExp
}

const JSON_TYPE = /^application\/json\b/
const PAGE = /^text\/html\b/
const NOTHING_OR_LINES = /^(?:$|\{)/
const NOTHING = /^(?![\s\S])/

const row = (
  path: string,
  service: ServiceName,
  statuses: Served['statuses'],
  type: RegExp,
  shows: RegExp,
): Served => ({ path, service, statuses, type, shows })

/** Every path that the services serve to the outside, with the MCP endpoint at `/mcp` as `align` has it. */
export async function servedPaths({ publicUrl }: Running): Promise<readonly Served[]> {
  const page = await ask(`${publicUrl}/sign-in`)
  const asset = (ending: string) => new RegExp(`/assets/[\\w.]+\\.${ending}`).exec(page.text)?.[0] ?? '/assets/none'
  const issuer = new RegExp(`"issuer":"${publicUrl}"`)
  const resource = new RegExp(`"resource":"${publicUrl}/mcp"`)
  const none = /"not_found"/
  return [
    ...[
      '/.well-known/oauth-authorization-server',
      '/.well-known/oauth-authorization-server/mcp',
      '/.well-known/openid-configuration',
      '/.well-known/openid-configuration/mcp',
      '/mcp/.well-known/openid-configuration',
      '/mcp/.well-known/oauth-authorization-server',
      ...['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'].flatMap((place) => [
        `${place}/mcp/sse`,
        `/mcp/sse${place}`,
      ]),
    ].map((path) => row(path, 'auth', [200, 200, 204, 405, 405, 405, 405], JSON_TYPE, issuer)),
    ...['/.well-known/oauth-protected-resource', '/.well-known/oauth-protected-resource/mcp'].map((path) =>
      row(path, 'mcp', [200, 200, 204, 405, 405, 405, 405], JSON_TYPE, resource),
    ),
    row('/.well-known/jwks.json', 'auth', [200, 200, 204, 405, 405, 405, 405], /jwk-set\+json/, /"keys":\[\{/),
    row('/mcp', 'mcp', [401, 401, 403, 401, 401, 401, 401], JSON_TYPE, /"jsonrpc":"2.0"/),
    row(
      '/.well-known/oauth-protected-resource/mcp/sse',
      'mcp',
      [200, 200, 204, 405, 405, 405, 405],
      JSON_TYPE,
      /mcp\/sse"/,
    ),
    row('/mcp/sse', 'mcp', [401, 401, 403, 401, 405, 405, 405], JSON_TYPE, /"jsonrpc":"2.0"/),
    row('/mcp/messages', 'mcp', [405, 405, 403, 401, 405, 405, 405], JSON_TYPE, /./),
    row('/oauth/clients', 'auth', [405, 405, 204, 400, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/oauth/clients/cli_x', 'auth', [401, 401, 405, 405, 401, 405, 401], JSON_TYPE, /"invalid_token"/),
    row('/admin/v1/clients/cli_x', 'auth', [404, 404, 405, 405, 405, 404, 404], JSON_TYPE, none),
    row('/admin/v1/clients/cli_x/secret', 'auth', [405, 405, 405, 404, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/oauth/token', 'auth', [405, 405, 204, 400, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/oauth/revoke', 'auth', [405, 405, 204, 400, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/oauth/par', 'auth', [405, 405, 204, 400, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/oauth/introspect', 'auth', [405, 405, 405, 400, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/oauth/userinfo', 'auth', [401, 401, 204, 401, 405, 405, 405], JSON_TYPE, /"invalid_token"/),
    row('/oauth/authorize', 'auth', [400, 400, 405, 400, 405, 405, 405], PAGE, /This link is incomplete/),
    row('/oauth/return', 'auth', [400, 400, 405, 405, 405, 405, 405], PAGE, /<h1/),
    row('/sign-in', 'auth', [200, 200, 405, 400, 405, 405, 405], PAGE, /name="password"/),
    row('/sign-in/corp', 'auth', [303, 303, 405, 400, 405, 405, 405], NOTHING, NOTHING),
    row('/sign-in/corp/link', 'auth', [303, 303, 405, 400, 405, 405, 405], NOTHING, NOTHING),
    row('/sign-in/corp/callback', 'auth', [404, 404, 405, 405, 405, 405, 405], PAGE, /There is no such way to sign in/),
    row('/oauth/logout', 'auth', [200, 200, 405, 400, 405, 405, 405], PAGE, /You are signed out/),
    row('/sign-out', 'auth', [303, 303, 405, 400, 405, 405, 405], NOTHING, NOTHING),
    row('/', 'auth', [303, 303, 405, 405, 405, 405, 405], NOTHING, NOTHING),
    row('/settings/developer/authorized-apps', 'auth', [303, 303, 405, 405, 405, 405, 405], NOTHING, NOTHING),
    row('/settings/developer/authorized-apps/revoke', 'auth', [405, 405, 405, 303, 405, 405, 405], PAGE, /<h1/),
    row('/settings/security', 'auth', [303, 303, 405, 405, 405, 405, 405], NOTHING, NOTHING),
    ...['session', 'sign-out-everywhere', 'password', 'unlink'].map((form) =>
      row(`/settings/security/${form}`, 'auth', [303, 303, 405, 303, 405, 405, 405], NOTHING, NOTHING),
    ),
    row('/settings/organisation', 'auth', [303, 303, 405, 303, 405, 405, 405], NOTHING, NOTHING),
    ...Object.entries({
      '/settings/developer/api-keys': ['create', 'change', 'revoke'],
      '/settings/members': ['role', 'remove', 'invite', 'uninvite'],
      '/settings/clients': ['put', 'remove'],
      '/settings/profile': ['name', 'leave', 'delete'],
    }).flatMap(([page, forms]) => [
      row(page, 'auth', [303, 303, 405, 405, 405, 405, 405], NOTHING, NOTHING),
      ...forms.map((form) => row(`${page}/${form}`, 'auth', [303, 303, 405, 303, 405, 405, 405], NOTHING, NOTHING)),
    ]),
    row('/settings/billing', 'auth', [303, 303, 405, 405, 405, 405, 405], NOTHING, NOTHING),
    row('/settings/invitation', 'auth', [410, 410, 405, 400, 405, 405, 405], PAGE, /This link can no longer be used/),
    row('/sign-in/forgot-password', 'auth', [200, 200, 405, 400, 405, 405, 405], PAGE, /Forgot your password/),
    row('/sign-in/new-password', 'auth', [410, 410, 405, 400, 405, 405, 405], PAGE, /This link can no longer be used/),
    row(asset('css'), 'auth', [200, 200, 405, 405, 405, 405, 405], /^text\/css\b/, /\{/),
    row(asset('svg'), 'auth', [200, 200, 405, 405, 405, 405, 405], /^image\/svg/, /<svg/),
    row(activityScript.path, 'auth', [200, 200, 405, 405, 405, 405, 405], /^text\/javascript/, /EventSource/),
    row('/assets/none.css', 'auth', [404, 404, 405, 405, 405, 405, 405], JSON_TYPE, none),
    row('/admin/v1/openapi.json', 'auth', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"\/tenants\/\{tenant\}"/),
    row('/admin/v1/tenants', 'auth', [200, 200, 405, 400, 405, 405, 405], JSON_TYPE, /"acme"/),
    row(
      '/admin/v1/tenants/ten_x/people/per_x',
      'auth',
      [405, 405, 405, 405, 405, 400, 404],
      JSON_TYPE,
      /"invalid_request"/,
    ),
    row('/admin/v1/tenants/ten_x/invitations', 'auth', [404, 404, 405, 400, 405, 405, 405], JSON_TYPE, none),
    row('/admin/v1/tenants/ten_x/sign-in-policies', 'auth', [404, 404, 405, 405, 405, 405, 405], JSON_TYPE, none),
    row(
      '/admin/v1/tenants/ten_x/sign-in-policies/x',
      'auth',
      [405, 405, 405, 405, 405, 400, 405],
      JSON_TYPE,
      /"invalid_request"/,
    ),
    row('/admin/v1/invitations/inv_x', 'auth', [405, 405, 405, 405, 405, 405, 404], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/people', 'auth', [400, 400, 405, 405, 405, 405, 405], JSON_TYPE, /email/),
    row('/admin/v1/people/per_x', 'auth', [404, 404, 405, 405, 405, 404, 404], JSON_TYPE, none),
    row('/admin/v1/people/per_x/sessions', 'auth', [404, 404, 405, 405, 405, 405, 404], JSON_TYPE, none),
    row('/admin/v1/people/per_x/consents', 'auth', [404, 404, 405, 405, 405, 405, 405], JSON_TYPE, none),
    row(
      '/admin/v1/people/per_x/consents/con_x',
      'auth',
      [405, 405, 405, 405, 405, 405, 404],
      JSON_TYPE,
      /"invalid_request"/,
    ),
    row('/admin/v1/plans', 'auth', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"plans":\[/),
    row('/admin/v1/roles', 'auth', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"roles":\[/),
    row('/admin/v1/sessions/ses_x', 'auth', [405, 405, 405, 405, 405, 405, 404], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/upstream-providers', 'auth', [200, 200, 405, 400, 405, 405, 405], JSON_TYPE, /"providers":\[\]/),
    row('/admin/v1/upstream-providers/x', 'auth', [405, 405, 405, 405, 405, 405, 404], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/tenants/ten_x', 'auth', [405, 405, 405, 405, 405, 404, 405], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/tenants/ten_x/people', 'auth', [404, 404, 405, 400, 405, 405, 405], JSON_TYPE, none),
    row('/admin/v1/tenants/ten_x/api-keys', 'auth', [404, 404, 405, 400, 405, 405, 405], JSON_TYPE, none),
    row('/admin/v1/tenants/ten_x/client-hosts', 'auth', [404, 404, 405, 400, 405, 405, 405], JSON_TYPE, none),
    row(
      '/admin/v1/tenants/ten_x/client-hosts/x.example',
      'auth',
      [405, 405, 405, 405, 405, 405, 404],
      JSON_TYPE,
      /"invalid_request"/,
    ),
    row(
      '/admin/v1/people/per_x/password-link',
      'auth',
      [405, 405, 405, 404, 405, 405, 405],
      JSON_TYPE,
      /"invalid_request"/,
    ),
    row('/admin/v1/doctor', 'auth', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"parts":\[/),
    row('/admin/v1/explain', 'auth', [400, 400, 405, 405, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/feed', 'auth', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"whole":/),
    row('/admin/v1/feed/rebuild', 'auth', [405, 405, 405, 200, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/clients', 'auth', [200, 200, 405, 400, 405, 405, 405], JSON_TYPE, /"clients":\[/),
    row('/admin/v1/api-keys/key_x', 'auth', [405, 405, 405, 405, 405, 404, 404], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/resources', 'auth', [200, 200, 405, 400, 405, 405, 405], JSON_TYPE, /"resources":\[/),
    row('/admin/v1/resources/res_x', 'auth', [404, 404, 405, 405, 405, 404, 404], JSON_TYPE, none),
    row(
      '/admin/v1/resources/res_x/credential',
      'auth',
      [405, 405, 405, 404, 405, 405, 405],
      JSON_TYPE,
      /"invalid_request"/,
    ),
    row('/admin/v1/grants', 'auth', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"grants":\[/),
    row('/admin/v1/grants/grt_x', 'auth', [405, 405, 405, 405, 405, 405, 404], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/keyrings', 'auth', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"keyrings":\[/),
    row('/admin/v1/keyrings/none/rotate', 'auth', [405, 405, 405, 404, 405, 405, 405], JSON_TYPE, /"invalid_request"/),
    row('/admin/v1/audit/events', 'audit', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"events":\[/),
    row('/admin/v1/audit/keyrings', 'audit', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"keyrings":\[/),
    row('/admin/v1/audit/keyrings/none/rotate', 'audit', [405, 405, 405, 404, 405, 405, 405], JSON_TYPE, /not served/),
    row('/admin/v1/audit/openapi.json', 'audit', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /The log of what/),
    row('/admin/v1/audit/jwks.json', 'audit', [200, 200, 405, 405, 405, 405, 405], /jwk-set\+json/, /"keys":\[\{/),
    row('/admin/v1/audit/retention', 'audit', [200, 200, 405, 405, 405, 405, 405], JSON_TYPE, /"class":"security"/),
    row('/admin/v1/audit/proof', 'audit', [200, 200, 405, 405, 405, 405, 405], /ndjson/, /"kind":"platform"/),
    row('/admin/v1/audit/heads', 'audit', [200, 200, 405, 405, 405, 405, 405], /jose-seq/, /^(?:$|ey)/),
    row('/admin/v1/audit/export', 'audit', [200, 200, 405, 405, 405, 405, 405], /ndjson/, NOTHING_OR_LINES),
    row('/admin/v1/audit/erasures', 'audit', [405, 405, 405, 400, 405, 405, 405], JSON_TYPE, /not served/),
    row('/admin/v1/audit/retention/none', 'audit', [405, 405, 405, 405, 400, 405, 405], JSON_TYPE, /not served/),
    row('/activity/callback', 'audit', [400, 400, 405, 405, 405, 405, 405], PAGE, /cannot be finished/),
    row('/activity/sign-out', 'audit', [405, 405, 405, 403, 405, 405, 405], JSON_TYPE, /not served/),
    row('/activity/tail', 'audit', [401, 401, 405, 405, 405, 405, 405], NOTHING, NOTHING),
    row('/activity', 'audit', [303, 303, 405, 405, 405, 405, 405], NOTHING, NOTHING),
  ]
}

/** Asks at `origin` as somebody does who asks at the public one. */
export function visit(running: Running, path: string, method: Method, origin = running.publicUrl): Promise<Answer> {
  const operator = path.startsWith('/admin/') ? { authorization: `Bearer ${running.secrets.adminToken}` } : {}
  return ask(`${origin}${path}`, { method, headers: { host: new URL(running.publicUrl).host, ...operator } })
}

/** The same in one process and behind the balancer: each path answers each method as the table says, and from its service. */
export async function allServed(t: Test, running: Running): Promise<void> {
  const table = routes(running.profile)
  const served = await servedPaths(running)
  t.strictSame(rowsWithout(table, served), [], 'each row of the route table is asked')
  for (const { path, service, statuses, type, shows } of served) {
    t.equal(serviceFor(table, path), service, `${path}: ${service} in the route table`)
    const answers = await Promise.all(METHODS.map((method) => visit(running, path, method)))
    t.strictSame(
      answers.map(({ status }) => status),
      statuses,
      path,
    )
    const [get, head, preflight] = answers as [Answer, Answer, Answer]
    t.match(get.headers['content-type'] ?? '', type, path)
    t.match(get.text, shows, path)
    t.equal(head.text, '', `${path}: HEAD has no body`)
    t.equal(head.headers['content-type'], get.headers['content-type'], `${path}: HEAD`)
    t.equal(head.headers.etag, get.headers.etag, `${path}: HEAD`)
    if (preflight.status === 204) t.equal(preflight.headers['access-control-allow-origin'], '*', `${path}: preflight`)
    for (const { status, headers } of answers) if (status === 405) t.match(headers.allow, /[A-Z]/, `${path}: Allow`)
  }
}

/** Rows of the route table that fit no path of `served`. */
const rowsWithout = (table: readonly Route[], served: readonly Served[]): readonly string[] =>
  table.filter((one) => !served.some(({ path }) => serviceFor([one], path) !== undefined)).map(({ path }) => path)

/** What nobody serves: 404 in JSON, wherever it is asked. */
export const UNKNOWN = [
  '/nothing',
  '/oauth/nothing',
  '/.well-known/nothing',
  '/mcp/nothing',
  '/settings/nothing',
  '/internals',
]
