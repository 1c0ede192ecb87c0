import { test } from 'tap'
import { routes, type ServiceName, serviceFor } from './routes.ts'

const own = { register: '/join', authorizedApps: '/apps' }
const table = routes({ paths: { mcp: '/mcp', sse: '/mcp/sse', messages: '/mcp/messages', ...own } })

const ANSWERS: readonly (readonly [path: string, service: ServiceName | undefined])[] = [
  ['/.well-known/oauth-protected-resource', 'mcp'],
  ['/.well-known/oauth-protected-resource/mcp', 'mcp'],
  ['/.well-known/oauth-protected-resource/mcp/sse', 'mcp'],
  ['/.well-known/oauth-authorization-server', 'auth'],
  ['/.well-known/oauth-authorization-server/mcp', 'auth'],
  ['/.well-known/openid-configuration', 'auth'],
  ['/.well-known/openid-configuration/mcp', 'auth'],
  ['/mcp/.well-known/openid-configuration', 'auth'],
  ['/mcp/.well-known/oauth-authorization-server', 'auth'],
  ['/mcp/sse/.well-known/openid-configuration', 'auth'],
  ['/mcp/sse/.well-known/oauth-authorization-server', 'auth'],
  ['/.well-known/jwks.json', 'auth'],
  ['/mcp', 'mcp'],
  ['/mcp/sse', 'mcp'],
  ['/mcp/messages', 'mcp'],
  ['/oauth/token', 'auth'],
  ['/oauth/clients', 'auth'],
  ['/oauth', 'auth'],
  ['/admin/v1/audit', 'audit'],
  ['/admin/v1/audit/events', 'audit'],
  ['/admin/v1/tenants', 'auth'],
  ['/admin/v1/auditors', 'auth'],
  ['/activity', 'audit'],
  ['/activity/export', 'audit'],
  ['/sign-in', 'auth'],
  ['/settings/developer/authorized-apps', 'auth'],
  ['/join', 'auth'],
  ['/apps/revoke', 'auth'],
  ['/assets/page.css', 'auth'],
  ['/', 'auth'],
  ['/mcp/', undefined],
  ['/mcpx', undefined],
  ['/oauthx', undefined],
  ['/.well-known/oauth-protected-resourcex', undefined],
  ['/.well-known', undefined],
  ['/sign-in/corp/callback', 'auth'],
  ['/sign-in-elsewhere', undefined],
  ['/admin', undefined],
  ['', undefined],
]

for (const [path, service] of ANSWERS) {
  test(`${path || 'the empty path'} is answered by ${service ?? 'nobody'}`, async (t) => {
    t.equal(serviceFor(table, path), service)
  })
}

test('the first match wins', async (t) => {
  const wide = { path: '/a/*', service: 'auth' } as const
  const narrow = { path: '/a/b', service: 'mcp' } as const
  t.equal(serviceFor([narrow, wide], '/a/b'), 'mcp')
  t.equal(serviceFor([wide, narrow], '/a/b'), 'auth')
})

test('no route is hidden behind an earlier one of another service', async (t) => {
  for (const route of table) {
    t.equal(serviceFor(table, route.path.replace(/\/\*$/, '/below')), route.service, route.path)
    t.equal(serviceFor(table, route.path.replace(/\/\*$/, '')), route.service, route.path)
  }
})

test('paths that a profile does not have are nobody’s', async (t) => {
  const small = routes({ paths: { mcp: '/api/mcp', ...own } })
  t.equal(serviceFor(small, '/api/mcp'), 'mcp')
  t.equal(serviceFor(small, '/api/mcp/.well-known/openid-configuration'), 'auth')
  for (const path of ['/mcp', '/mcp/sse', '/sse', '/messages']) t.equal(serviceFor(small, path), undefined, path)
})
