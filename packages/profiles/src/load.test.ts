import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { loadProfile, ProfileError, parseProfile } from './load.ts'
import { withRedirectDomains } from './redirect-domains.ts'
import { rulesOf } from './rules.ts'
import { redirectDomain } from './schema.ts'

const SMALL = `name: small
server:
  name: small
  title: Small
  version: 1.0.0
uriScheme: small
catalogs: [tracker]
paths: {}
scopes:
  - name: read
    text: Read
  - name: write
    text: Write
    implies: [read]
  - name: all
    text: All
    implies: [write]
  - name: only:some
    text: Some only
    narrowing: true
defaultScopes: [read]
roles:
  owner: [entries:read, entries:write]
  viewer: [entries:read]
plans:
  all: [free, paid]
  withMcp: [paid]
limits: {}
branding:
  name: Small
`

const faultsOf = (text: string): readonly string[] => {
  try {
    parseProfile(text, 'test')
  } catch (error) {
    if (error instanceof ProfileError) return error.faults
    throw error
  }
  return []
}

test('align loads with what its document promises', async (t) => {
  const align = loadProfile('align')
  t.match(align, {
    name: 'align',
    uriScheme: 'align',
    catalogs: ['tracker'],
    paths: {
      mcp: '/mcp',
      sse: '/mcp/sse',
      messages: '/mcp/messages',
      register: '/oauth/clients',
      apiKeys: '/settings/developer/api-keys',
      authorizedApps: '/settings/developer/authorized-apps',
      billing: '/settings/billing',
    },
    grants: ['authorization_code', 'refresh_token'],
    credentials: ['oauth', 'api-key'],
    accessTokenSeconds: 3600,
    refreshTokenSeconds: 2_592_000,
    refreshRetrySeconds: 0,
    limits: { requestsPerMinute: 600 },
  })
  t.same(
    align.scopes.map(({ name, implies }) => [name, implies]),
    [
      ['mcp:read', []],
      ['mcp:write', ['mcp:read']],
    ],
  )
})

test('what a profile leaves out has its default', async (t) => {
  const small = parseProfile(SMALL, 'small')
  t.match(small, {
    paths: { mcp: '/mcp', register: '/oauth/register', authorizedApps: '/settings/authorized-apps' },
    openid: true,
    grants: ['authorization_code', 'refresh_token'],
    credentials: ['oauth'],
    apiKeyPrefix: 'gh_',
    accessTokenSeconds: 600,
    refreshRetrySeconds: 120,
    staleGraceSeconds: 60,
    limits: { requestsPerMinute: 600 },
  })
})

test('every fault is told at once, each with its line', async (t) => {
  const broken = SMALL.replace('uriScheme: small', 'uriScheme: "Small:"')
    .replace('paths: {}', 'paths: { mcp: mcp/ }')
    .replace('  version: 1.0.0\n', '')
    .replace('limits: {}', 'limits:\n  requestsPerMinute: 0')
    .concat('colour: red\n')
  const faults = faultsOf(broken)
  t.match(
    faults.find((fault) => fault.includes('uriScheme')),
    /^line 5: uriScheme: /,
  )
  t.match(
    faults.find((fault) => fault.includes('paths.mcp')),
    /^line 7: paths\.mcp: must start with "\/"/,
  )
  t.match(
    faults.find((fault) => fault.includes('server.version')),
    /^line 3: server\.version: /,
  )
  t.match(
    faults.find((fault) => fault.includes('requestsPerMinute')),
    /^line 28: limits\.requestsPerMinute: /,
  )
  t.match(
    faults.find((fault) => fault.includes('colour')),
    /colour/,
  )
  t.equal(faults.length, 5)
})

test('names that point nowhere are told at once, each with its line', async (t) => {
  const broken = SMALL.replace('implies: [write]', 'implies: [wriet]')
    .replace('defaultScopes: [read]', 'defaultScopes: [read, reed]')
    .replace('withMcp: [paid]', 'withMcp: [payed]')
  t.same(faultsOf(broken), [
    'line 21: defaultScopes.1: reed is not among the scopes',
    'line 17: scopes.2.implies: wriet is not among the scopes',
    'line 27: plans.withMcp.0: payed is not among all plans',
  ])
})

test('resources name their own scopes, and the two paths of HTTP+SSE go together', async (t) => {
  const more = `resources:
  - identifier: /api
    name: API
    scopes:
      - name: api:read
        text: Read
      - name: api:write
        text: Write
        implies: [read]
    defaultScopes: [api:reed]
`
  t.same(faultsOf(SMALL.replace('paths: {}', 'paths: { sse: /sse }').concat(more)), [
    'line 40: resources.0.defaultScopes.0: api:reed is not among the scopes of API',
    'line 39: resources.0.scopes.1.implies: read is not among the scopes of API',
    'line 8: paths: sse and messages go together',
  ])
  for (const identifier of ['api', 'https://api.example/#x', '/api/']) {
    t.match(faultsOf(SMALL.concat(more.replace('/api', identifier))), [/identifier/], identifier)
  }
})

test('text that is no YAML is told with its line', async (t) => {
  const faults = faultsOf(`${SMALL}broken: [a, b\n`)
  t.ok(faults.length > 0)
  for (const fault of faults) t.match(fault, /^line 2[6-9]|^line 3/)
})

for (const text of ['', '[]', 'null', '42', 'just words']) {
  test(`${JSON.stringify(text)} is no profile`, async (t) => {
    t.ok(faultsOf(text).length > 0)
  })
}

test('a profile is read from a file of YAML or JSON', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'profile-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const yaml = join(folder, 'mine.yaml')
  const asJson = join(folder, 'mine.json')
  writeFileSync(yaml, SMALL)
  writeFileSync(asJson, JSON.stringify(parseProfile(SMALL, 'small')))
  t.same(loadProfile(yaml), loadProfile(asJson))
})

test('a profile that cannot be read says why', async (t) => {
  t.throws(() => loadProfile('nowhere'), { message: /profile nowhere is not usable:\n.*there are: .*align/ })
  t.throws(() => loadProfile('./no.yaml'), { message: /no.yaml is not usable:\n {2}- cannot be read \(ENOENT\)/ })
  t.throws(() => loadProfile('/nowhere/at/all.yaml'), { message: /profile \/nowhere\/at\/all\.yaml is not usable/ })
})

test('the rules follow what scopes imply to the end, and know what narrows', async (t) => {
  const rules = rulesOf(parseProfile(SMALL, 'small'))
  t.same(rules.implies.get('all'), new Set(['all', 'write', 'read']))
  t.same(rules.implies.get('write'), new Set(['write', 'read']))
  t.same(rules.implies.get('read'), new Set(['read']))
  t.same(rules.narrowing, new Set(['only:some']))
  t.same(rules.plansWithMcp, new Set(['paid']))
  t.same(rules.permissions.get('viewer'), new Set(['entries:read']))
})

test('scopes that imply each other are the same, and do not loop', async (t) => {
  const round = SMALL.replace('    text: Read\n', '    text: Read\n    implies: [all]\n')
  const rules = rulesOf(parseProfile(round, 'round'))
  t.same(rules.implies.get('read'), new Set(['read', 'all', 'write']))
})

test('an environment may put other redirect domains in the place of the profile’s [O5]', async (t) => {
  const profile = { ...loadProfile('align'), redirectDomains: ['a.example'] }
  t.same(withRedirectDomains(profile, []).redirectDomains, ['a.example'])
  t.same(withRedirectDomains(profile, ['b.example', 'cursor:']).redirectDomains, ['b.example', 'cursor:'])
  for (const bad of ['https://a.example', 'A.example', 'a.example/x', '*.example', 'a b', ''])
    t.equal(redirectDomain.safeParse(bad).success, false, bad)
  for (const good of ['a.example', 'localhost', '127.0.0.1', '[::1]', 'cursor:'])
    t.equal(redirectDomain.safeParse(good).success, true, good)
})
