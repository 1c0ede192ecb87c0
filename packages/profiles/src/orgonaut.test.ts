import { test } from 'tap'
import { loadProfile } from './load.ts'
import { rulesOf } from './rules.ts'
import { sitesOf } from './sites.ts'

const profile = loadProfile('orgonaut')
const READS = ['scenarios.read', 'org-units.read', 'costs.read', 'org-metrics.read', 'teams.read', 'placements.read']

test('one scope lets in, and is what is granted by default; all others narrow', async (t) => {
  t.same(
    profile.scopes.filter(({ narrowing }) => !narrowing).map(({ name }) => name),
    ['mcp:use'],
  )
  t.same(profile.defaultScopes, ['mcp:use'])
  const { narrowing } = rulesOf(profile)
  for (const name of [...READS, 'ai.scenarios.draft', 'costs.write', 'mcp.access', 'mcp'])
    t.ok(narrowing.has(name), name)
})

test('names that documents of others hold stay as they are', async (t) => {
  const { resource, issuer, origin } = sitesOf(profile, 'https://orgonaut.co').of('acme')
  t.same(
    [origin, resource, issuer],
    ['https://acme.orgonaut.co', 'https://acme.orgonaut.co/mcp/orgonaut', 'https://acme.orgonaut.co/mcp/orgonaut'],
  )
  t.equal(profile.paths.register, '/oauth/register')
  t.same(profile.plans, {
    all: ['free', 'team', 'business', 'enterprise', 'agency'],
    withMcp: ['business', 'enterprise', 'agency'],
  })
  t.same([profile.apiKeyGrants, profile.apiKeyTenantHeader], [['mcp.access', 'mcp'], true])
})

test('who may draft has the permission to, and costs are not for everybody', async (t) => {
  const may = (role: string, permission: string) => rulesOf(profile).permissions.get(role)?.has(permission) === true
  for (const role of ['owner', 'admin', 'member']) t.ok(may(role, 'ai.scenarios.draft'), role)
  t.notOk(may('viewer', 'ai.scenarios.draft'))
  t.notOk(may('viewer', 'costs.read'))
  t.notOk(may('member', 'costs.write'))
  t.ok(READS.filter((name) => name !== 'costs.read').every((name) => may('viewer', name)))
})
