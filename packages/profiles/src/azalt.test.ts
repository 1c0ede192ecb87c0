import { test } from 'tap'
import { loadProfile } from './load.ts'
import { rulesOf } from './rules.ts'

const azalt = loadProfile('azalt')

test('azalt is at its address, with OAuth alone and clients that register themselves [Z1]', async (t) => {
  t.match(azalt, {
    catalogs: ['sustainability'],
    paths: { mcp: '/api/mcp', authorizedApps: '/settings/mcp-clients', register: '/oauth/register' },
    credentials: ['oauth'],
    grants: ['authorization_code', 'refresh_token'],
  })
  t.equal(azalt.paths.sse, undefined)
})

test('azalt has the scopes of its document beside those of OpenID Connect, none of which gives another [Z2]', async (t) => {
  t.equal(azalt.openid, true)
  t.same(
    azalt.scopes.map(({ name, implies, narrowing }) => ({ name, implies, narrowing })),
    ['azalt:read', 'azalt:write:forms', 'azalt:write:imports', 'azalt:write:activities', 'azalt:admin'].map((name) => ({
      name,
      implies: [],
      narrowing: false,
    })),
  )
  t.same(azalt.defaultScopes, ['azalt:read'])
})

test('azalt follows the organisation that its person has selected [Z6]', async (t) => {
  t.match(azalt.tenancy, { by: 'account', account: 'follow' })
})

test('each role of azalt has all that the one below it has', async (t) => {
  const { permissions } = rulesOf(azalt)
  const of = (role: string) => [...(permissions.get(role) ?? [])]
  for (const [less, more] of [
    ['viewer', 'member'],
    ['member', 'admin'],
    ['admin', 'owner'],
  ] as const) {
    for (const permission of of(less)) t.ok(of(more).includes(permission), `${more} has ${permission}`)
  }
  t.same(of('viewer'), ['data:read', 'users:read'])
  for (const permission of ['sites:write', 'members:manage']) t.notOk(of('member').includes(permission))
})
