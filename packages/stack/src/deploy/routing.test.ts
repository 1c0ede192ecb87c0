import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Route, routes, serviceFor } from '@gatehouse/contracts'
import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { parse } from 'yaml'
import { routingOf } from './files.ts'
import { byHttpRoute, byIngress, byNginx, type HttpRouteLike, type IngressLike } from './matchers.ts'
import { nginxOf } from './routing.ts'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const HOST = 'gatehouse.example.com'

/** Each path of the table, what lies below and beside it, and what nobody serves. */
const around = (table: readonly Route[]): readonly string[] => [
  ...table.flatMap(({ path }) => {
    const bare = path.replace(/\/\*$/, '')
    return [bare, `${bare}/`, `${bare}/below`, `${bare}/below/it`, `${bare}x`, bare.toUpperCase(), `/x${bare}`]
  }),
  ...['/', '/nothing', '/.well-known', '/internal/v1/credentials', '/healthz', '/readyz', '/metrics', '//mcp'],
]

const align = routes(loadProfile('align'))

test('Ingress, HTTPRoute and nginx send each path where the table sends it', async (t) => {
  const ingress = parse(read('k8s/components/ingress/ingress.yaml')) as IngressLike
  const httpRoute = parse(read('k8s/components/gateway/http-route.yaml')) as HttpRouteLike
  const nginx = read('packages/stack/compose/nginx.conf')
  for (const path of around(align)) {
    const service = serviceFor(align, path)
    const name = service === undefined ? undefined : `gatehouse-${service}`
    t.equal(byIngress(ingress, HOST, path), name, `Ingress: ${path}`)
    t.equal(byHttpRoute(httpRoute, HOST, path), name, `HTTPRoute: ${path}`)
    t.equal(byNginx(nginx, path), service, `nginx: ${path}`)
  }
  t.equal(byIngress(ingress, 'elsewhere.example.com', '/mcp'), undefined)
  t.equal(byHttpRoute(httpRoute, 'elsewhere.example.com', '/mcp'), undefined)
})

test('so they do for a profile with other paths, at the host of each organisation', async (t) => {
  const profile = { ...loadProfile('align') }
  profile.paths = { ...profile.paths, mcp: '/api/v2/mcp', sse: undefined, messages: undefined, register: '/register' }
  profile.tenancy = { ...profile.tenancy, by: 'host' }
  const table = routes(profile)
  const made = routingOf(profile, HOST)
  const ingress = made.ingress as IngressLike
  const httpRoute = made.httpRoute as HttpRouteLike
  for (const path of around(table)) {
    const service = serviceFor(table, path)
    const name = service === undefined ? undefined : `gatehouse-${service}`
    for (const host of [HOST, `acme.${HOST}`]) {
      t.equal(byIngress(ingress, host, path), name, `${host}${path}`)
      t.equal(byHttpRoute(httpRoute, host, path), name, `${host}${path}`)
    }
    t.equal(byNginx(nginxOf(table), path), service, path)
  }
  t.equal(byIngress(ingress, `a.b.${HOST}`, '/mcp'), undefined, 'a wildcard is one label')
})

test('no balancer makes a session sticky', async (t) => {
  for (const file of [
    'k8s/components/ingress/ingress.yaml',
    'k8s/components/gateway/http-route.yaml',
    'packages/stack/compose/nginx.conf',
  ])
    t.notMatch(read(file), /affinity|sticky|ip_hash|sessionPersistence/i, file)
  for (const service of ['auth', 'mcp', 'audit']) {
    t.match(parse(read(`k8s/base/${service}/service.yaml`)), { spec: { sessionAffinity: 'None' } })
  }
})

test('an HTTPRoute stays within what the Gateway API takes', async (t) => {
  const { spec } = parse(read('k8s/components/gateway/http-route.yaml')) as HttpRouteLike
  t.ok(spec.rules.length <= 16)
  for (const { matches } of spec.rules) t.ok(matches.length <= 8)
})
