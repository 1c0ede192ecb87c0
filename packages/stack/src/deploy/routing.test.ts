import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Route, routes, serviceFor } from '@gatehouse/contracts'
import { loadProfile } from '@gatehouse/profiles'
import { test } from 'tap'
import { parse } from 'yaml'
import { routingOf } from './files.ts'
import { byHttpRoute, byIngress, byNginx, type HttpRouteLike, type IngressLike } from './matchers.ts'

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
  const { nginx } = routingOf(loadProfile('align'), HOST)
  for (const path of around(align)) {
    const service = serviceFor(align, path)
    const name = service === undefined ? undefined : `gatehouse-${service}`
    t.equal(byIngress(ingress, HOST, path), name, `Ingress: ${path}`)
    t.equal(byHttpRoute(httpRoute, HOST, path), name, `HTTPRoute: ${path}`)
    t.equal(byNginx(nginx, HOST, path), service, `nginx: ${path}`)
  }
  t.equal(byIngress(ingress, 'elsewhere.example.com', '/mcp'), undefined)
  t.equal(byHttpRoute(httpRoute, 'elsewhere.example.com', '/mcp'), undefined)
  t.equal(byNginx(nginx, 'elsewhere.example.com', '/mcp'), undefined)
})

const other = { ...loadProfile('align') }
other.paths = { ...other.paths, mcp: '/api/v2/mcp', sse: undefined, messages: undefined, register: '/register' }
other.tenancy = { ...other.tenancy, by: 'host' }

for (const profile of [other, loadProfile('orgonaut')]) {
  test(`so they do at the host of each organisation, with other paths: ${profile.paths.mcp}`, async (t) => {
    const table = routes(profile)
    const { ingress, httpRoute, nginx } = routingOf(profile, HOST)
    for (const path of around(table)) {
      const service = serviceFor(table, path)
      const name = service === undefined ? undefined : `gatehouse-${service}`
      for (const host of [HOST, `acme.${HOST}`]) {
        t.equal(byIngress(ingress as IngressLike, host, path), name, `Ingress: ${host}${path}`)
        t.equal(byHttpRoute(httpRoute as HttpRouteLike, host, path), name, `HTTPRoute: ${host}${path}`)
        t.equal(byNginx(nginx, host, path), service, `nginx: ${host}${path}`)
      }
    }
    for (const host of [`a.b.${HOST}`, `acme-${HOST}`, 'gatehouse-example.com', `acme.${HOST}.example.net`]) {
      t.equal(byIngress(ingress as IngressLike, host, profile.paths.mcp), undefined, host)
      t.equal(byNginx(nginx, host, profile.paths.mcp), undefined, host)
    }
  })
}

test('no balancer makes a session sticky', async (t) => {
  for (const text of [
    read('k8s/components/ingress/ingress.yaml'),
    read('k8s/components/gateway/http-route.yaml'),
    routingOf(loadProfile('align'), HOST).nginx,
  ])
    t.notMatch(text, /affinity|sticky|ip_hash|sessionPersistence/i)
  for (const service of ['auth', 'mcp', 'audit']) {
    t.match(parse(read(`k8s/base/${service}/service.yaml`)), { spec: { sessionAffinity: 'None' } })
  }
})

test('an HTTPRoute stays within what the Gateway API takes', async (t) => {
  const { spec } = parse(read('k8s/components/gateway/http-route.yaml')) as HttpRouteLike
  t.ok(spec.rules.length <= 16)
  for (const { matches } of spec.rules) t.ok(matches.length <= 8)
})
