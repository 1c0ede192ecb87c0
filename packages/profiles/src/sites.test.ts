import { test } from 'tap'
import { loadProfile } from './load.ts'
import type { Profile } from './schema.ts'
import { sitesOf } from './sites.ts'

const align = loadProfile('align')
const byHost = (over: Partial<Profile['tenancy']> = {}): Profile => ({
  ...align,
  paths: {
    mcp: '/mcp/orgonaut',
    register: '/oauth/register',
    authorizedApps: '/settings/apps',
    apiKeys: '/settings/api-keys',
  },
  tenancy: { by: 'host', account: 'pinned', host: '{tenant}.{host}', issuer: 'origin', ...over },
})

test('by account there is one site, whatever a host says', async (t) => {
  const sites = sitesOf(align, 'https://app.example')
  t.notOk(sites.byHost)
  t.same(sites.own, {
    origin: 'https://app.example',
    issuer: 'https://app.example',
    resource: 'https://app.example/mcp',
  })
  t.equal(sites.slugOf('acme.app.example'), undefined)
  t.equal(sites.slugOfIssuer('https://acme.app.example'), undefined)
})

test('by host each tenant has an origin, an issuer and a resource of its own [O3, O4]', async (t) => {
  const sites = sitesOf(byHost(), 'http://localhost:4000')
  t.same(sites.of('acme'), {
    slug: 'acme',
    origin: 'http://acme.localhost:4000',
    issuer: 'http://acme.localhost:4000',
    resource: 'http://acme.localhost:4000/mcp/orgonaut',
  })
  for (const [host, slug] of [
    ['acme.localhost:4000', 'acme'],
    ['ACME.LocalHost:4000', 'acme'],
    ['localhost:4000', undefined],
    ['.localhost:4000', undefined],
    ['a.b.localhost:4000', undefined],
    ['-a.localhost:4000', undefined],
    ['a_b.localhost:4000', undefined],
    ['acme.localhost', undefined],
    ['acme.localhost:4001', undefined],
    ['acme.localhost:4000.evil.example', undefined],
    ['acme.evillocalhost:4000', undefined],
    [`${'a'.repeat(64)}.localhost:4000`, undefined],
  ] as const) {
    t.equal(sites.slugOf(host), slug, host)
    t.equal(sites.slugOfIssuer(`http://${host}`), host === host.toLowerCase() ? slug : undefined, `issuer of ${host}`)
  }
  t.equal(sites.slugOfIssuer('https://acme.localhost:4000'), undefined, 'another scheme is another issuer')
  t.equal(sites.slugOfIssuer('http://acme.localhost:4000/'), undefined)
})

test('the issuer may have the path of the MCP endpoint, and a host may be below another name [O4]', async (t) => {
  const sites = sitesOf(byHost({ issuer: 'mcp-path', host: '{tenant}.mcp.{host}' }), 'https://example.com')
  t.equal(sites.of('acme').issuer, 'https://acme.mcp.example.com/mcp/orgonaut')
  t.equal(sites.slugOf('acme.mcp.example.com'), 'acme')
  t.equal(sites.slugOf('acme.example.com'), undefined)
  t.equal(sites.slugOfIssuer('https://acme.mcp.example.com/mcp/orgonaut'), 'acme')
  t.equal(sites.slugOfIssuer('https://acme.mcp.example.com'), undefined)
  t.equal(sitesOf(byHost({ host: '{tenant}.other.example' }), 'https://example.com').slugOf('a.other.example'), 'a')
})
