import { loadProfile, type Profile } from '@gatehouse/profiles'
import { test } from 'tap'
import { type Access, judgeAccess, navigationFor, permits, type SettingsPageName, titleOf } from './access.ts'

const align = loadProfile('align')
const ORGONAUT: Profile = {
  ...align,
  plans: { all: ['free', 'business'], withMcp: ['business'] },
  settings: {
    ...align.settings,
    titles: { authorizedApps: 'Connected apps', apiKeys: 'API and MCP', apiKeysWithoutMcp: 'API tokens' },
  },
}
const of = (role: string, plan = 'business', status: 'active' | 'suspended' = 'active') => ({
  ...{ tenantId: 't', tenantName: 'T', role, plan, status },
})

const TABLE: readonly (readonly [SettingsPageName, ReturnType<typeof of> | undefined, Access])[] = [
  ['connect', of('viewer'), 'open'],
  ['connect', undefined, 'open'],
  ['connect', of('owner', 'business', 'suspended'), 'suspended'],
  ['billing', of('viewer', 'business', 'suspended'), 'open'],
  ['billing', of('owner'), 'absent'],
  ['authorizedApps', of('viewer'), 'open'],
  ['authorizedApps', of('owner', 'free'), 'absent'],
  ['authorizedApps', of('owner', 'business', 'suspended'), 'open'],
  ['apiKeys', of('owner'), 'open'],
  ['apiKeys', of('owner', 'free'), 'open'],
  ['apiKeys', of('member'), 'forbidden'],
  ['apiKeys', undefined, 'absent'],
  ['apiKeys', of('owner', 'business', 'suspended'), 'suspended'],
  ['members', of('admin'), 'open'],
  ['members', of('viewer'), 'forbidden'],
  ['clientHosts', of('owner'), 'open'],
  ['clientHosts', of('owner', 'free'), 'absent'],
  ['clientHosts', of('viewer'), 'forbidden'],
  ['profile', undefined, 'open'],
  ['security', of('viewer', 'free', 'suspended'), 'open'],
]

test('each page is for whom it is: by permission, by plan, and while the organisation is suspended', async (t) => {
  for (const [page, selected, access] of TABLE) {
    t.equal(judgeAccess(page, selected, ORGONAUT), access, `${page}: ${JSON.stringify(selected)}`)
  }
})

test('the navigation shows what the person may use, and nothing else', async (t) => {
  const shown = (selected: ReturnType<typeof of> | undefined) =>
    navigationFor(ORGONAUT, selected, 'profile').map(({ text }) => text)
  t.same(shown(of('owner')), [
    ...['Connect', 'Connected apps', 'API and MCP', 'Members', 'Allowed clients', 'Profile', 'Security'],
  ])
  t.same(shown(of('viewer')), ['Connect', 'Connected apps', 'Profile', 'Security'])
  t.same(shown(of('owner', 'free')), ['Account', 'API tokens', 'Members', 'Profile', 'Security'])
  t.same(shown(of('owner', 'business', 'suspended')), ['Suspended', 'Connected apps', 'Profile', 'Security'])
  t.same(
    navigationFor(ORGONAUT, of('viewer'), 'profile').filter(({ current }) => current),
    [{ href: '/settings/profile', text: 'Profile', current: true }],
  )
})

test('a page about what the profile does not take is not there', async (t) => {
  const shown = (...credentials: Profile['credentials']) =>
    navigationFor({ ...align, credentials }, of('owner'), 'profile').map(({ text }) => text)
  t.same(shown('api-key'), ['Connect', 'API keys', 'Members', 'Profile', 'Security'])
  t.same(shown('oauth'), ['Connect', 'Authorized apps', 'Members', 'Allowed clients', 'Profile', 'Security'])
})

test('without MCP in the plan the page of keys has its other name [O13]', async (t) => {
  t.equal(titleOf('apiKeys', ORGONAUT, of('owner')), 'API and MCP')
  t.equal(titleOf('apiKeys', ORGONAUT, of('owner', 'free')), 'API tokens')
  t.equal(titleOf('apiKeys', align, of('owner', 'free')), 'API keys')
})

test('a permission that the profile gives to no role is the owner’s [U7]', async (t) => {
  const bare: Profile = { ...align, roles: { owner: [], admin: [], member: [] } }
  t.ok(permits(bare, 'owner', 'apiKeys'))
  t.notOk(permits(bare, 'admin', 'apiKeys'))
  t.notOk(permits(bare, 'constructor', 'apiKeys'), 'a role that is none')
  const given: Profile = { ...align, roles: { owner: [], keeper: [align.settings.permissions.apiKeys] } }
  t.ok(permits(given, 'keeper', 'apiKeys'))
  t.notOk(permits(given, 'owner', 'apiKeys'), 'it is what the profile says')
  t.notOk(permits(align, 'nobody', 'apiKeys'))
})
