import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
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

test('what a profile leaves out has its default, ten minutes for an access token among it [A-TR-08]', async (t) => {
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

test('resources have a scheme of their own, which no client fetches past us [S-RS-11]', async (t) => {
  for (const scheme of ['https', 'http', 'file', 'data']) {
    t.match(faultsOf(SMALL.replace('uriScheme: small', `uriScheme: ${scheme}`)), [
      /^line 6: uriScheme: must not be one that/,
    ])
  }
  t.same(faultsOf(SMALL.replace('uriScheme: small', 'uriScheme: https-like')), [])
})

test('names that point nowhere are told at once, each with its line', async (t) => {
  const broken = SMALL.replace('implies: [write]', 'implies: [wriet]')
    .replace('defaultScopes: [read]', 'defaultScopes: [read, reed]')
    .replace('withMcp: [paid]', 'withMcp: [payed]')
  t.same(faultsOf(broken), [
    'line 17: scopes.2.implies.0: wriet is not among the scopes',
    'line 21: defaultScopes.1: reed is not among the scopes',
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
    'line 8: paths: sse and messages go together',
    'line 39: resources.0.scopes.1.implies.0: read is not among the scopes of API',
    'line 40: resources.0.defaultScopes.0: api:reed is not among the scopes of API',
  ])
  for (const identifier of ['api', 'https://api.example/#x', '/api/']) {
    t.match(faultsOf(SMALL.concat(more.replace('/api', identifier))), [/identifier/], identifier)
  }
})

test('a field that is wrong in itself hides no other fault: all are told, in the order of the lines', async (t) => {
  const broken = SMALL.replace('uriScheme: small', 'uriScheme: "Small:"')
    .replace('defaultScopes: [read]', 'defaultScopes: [reed]')
    .replace('    text: Write\n', '    text: Write\n    wide: true\n')
    .replace('withMcp: [paid]', 'withMcp: [payed]')
    .replace('limits: {}', 'limits: { requestsPerMinute: 0 }\napiKeyInQuery: true\ncredentials: [oauth]\ncolour: red')
  t.match(faultsOf(broken), [
    /^line 6: uriScheme: /,
    /^line 14: scopes.1.wide: there is no such field/,
    /^line 22: defaultScopes.0: reed is not among the scopes/,
    /^line 28: plans.withMcp.0: payed is not among all plans/,
    /^line 29: limits.requestsPerMinute: /,
    /^line 30: apiKeyInQuery: credentials has no api-key/,
    /^line 32: colour: there is no such field/,
  ])
  t.equal(faultsOf(broken).length, 7)
  const blind = SMALL.replace(/scopes:[\s\S]*defaultScopes/, 'scopes: all\ndefaultScopes')
  t.match(faultsOf(blind), [/^line 9: scopes: /], 'what rests on a field that cannot be read is not judged')
  t.equal(faultsOf(blind).length, 1)
})

test('two scopes of one name and two pages at one path are told', async (t) => {
  const twice = SMALL.replace('- name: all', '- name: write').replace('paths: {}', 'paths: { mcp: /x, apiKeys: /x }')
  t.same(faultsOf(twice), [
    'line 8: paths.apiKeys: /x is paths.mcp already',
    'line 15: scopes.2.name: write is there already',
  ])
})

for (const file of readdirSync(new URL('../profiles/', import.meta.url))) {
  test(`${file} is named as its file and has no fault`, async (t) => {
    t.equal(`${loadProfile(file.replace(/\.yaml$/, '')).name}.yaml`, file)
  })
}

test('audigyd is what its document promises [U1, U3, U4, U5]', async (t) => {
  const audigyd = loadProfile('audigyd')
  t.match(audigyd, {
    server: { name: 'audigyd', version: '1.0.0', logging: false },
    catalogs: ['compliance'],
    paths: { sse: '/mcp-server/sse', messages: '/mcp-server/messages', apiKeys: '/settings/api-keys' },
    credentials: ['api-key'],
    apiKeyPrefix: 'aug_live_',
    apiKeyInQuery: true,
    apiKeyPermissions: 'maker',
    settings: { permissions: { apiKeys: 'settings:manage_settings' } },
  })
  t.same(
    audigyd.scopes.map(({ name }) => name),
    ['assessments:read', 'findings:read', 'reports:read', 'templates:read', 'webhooks:write'],
  )
  const managers = Object.entries(audigyd.roles).filter(([, given]) => given.includes('settings:manage_settings'))
  t.same(
    managers.map(([role]) => role),
    ['owner'],
  )
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
