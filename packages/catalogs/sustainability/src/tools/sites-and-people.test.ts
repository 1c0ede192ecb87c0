import { ToolFailure } from '@gatehouse/catalog'
import { bareCall } from '@gatehouse/catalog/testing'
import { test } from 'tap'
import { open } from '../domain.ts'
import { fillSample, openSustainability, principalOf } from '../sustainability.fixture.ts'
import { createSite } from './create-site.ts'
import { getCurrentOrganization } from './get-current-organization.ts'
import { getMyProfile } from './get-my-profile.ts'
import { listSites } from './list-sites.ts'
import { listUsers } from './list-users.ts'
import { updateMemberRole } from './update-member-role.ts'
import { updateSite } from './update-site.ts'

const fails = (code: string) => ({ constructor: ToolFailure, code })
const acme = principalOf('acme')
const SITE = { code: 'plant-1', name: 'Plant one', kind: 'plant', country: 'DE' }

test('people and sites', async (t) => {
  const house = await openSustainability(t)
  await fillSample(house, 'acme', 'acme')
  await fillSample(house, 'globex', 'CANARY')

  await t.test('get_my_profile says who calls, and for which organisation', async (t) => {
    t.same(await house.call(getMyProfile, acme, {}), {
      user: {
        id: 'person_acme',
        name: 'owner of acme',
        email: 'owner@acme.test',
        role: 'owner',
        permissions: ['data:read'],
      },
      organization: { id: 'acme', slug: 'acme', name: 'Acme Industries', plan: 'business' },
      scopes: ['azalt:admin', 'azalt:read'],
    })
    const { user } = await house.call(getMyProfile, { ...acme, kind: 'service', subject: 'svc_1' }, {})
    t.equal(user, null, 'a service is nobody')
    t.match(await house.call(getCurrentOrganization, principalOf('globex'), {}), { slug: 'globex' })
    await t.rejects(house.call(getCurrentOrganization, principalOf('nobody'), {}), fails('unknown_organization'))
  })

  await t.test('list_users gives pages, filtered, and only of the organisation', async (t) => {
    const first = await house.call(listUsers, acme, { limit: 2 })
    t.same(
      first.users.map(({ email }: { email: string }) => email),
      ['member@acme.test', 'owner@acme.test'],
    )
    const second = await house.call(listUsers, acme, { limit: 2, cursor: first.nextCursor })
    t.match(second, { users: [{ email: 'viewer@acme.test' }] })
    t.equal(second.nextCursor, undefined)
    t.equal((await house.call(listUsers, acme, { role: 'viewer' })).users.length, 1)
    t.same((await house.call(listUsers, acme, { query: 'CANARY' })).users, [])
  })

  await t.test('update_member_role tells before and after, and refuses in words that help', async (t) => {
    const change = (input: object) => house.call(updateMemberRole, acme, input)
    t.same(await change({ userId: 'person_acme_viewer', role: 'member' }), {
      userId: 'person_acme_viewer',
      role: 'member',
      previousRole: 'viewer',
      changed: true,
    })
    t.match(await change({ userId: 'person_acme_viewer', role: 'member' }), { changed: false })
    await t.rejects(change({ userId: 'person_globex', role: 'member' }), fails('unknown_user'))
    await t.rejects(change({ userId: 'no id!', role: 'member' }), fails('unknown_user'))
    await t.rejects(change({ userId: 'person_acme_viewer', role: 'emperor' }), {
      code: 'role_unknown',
      message: /You can give: owner, member, viewer/,
    })
    const asKey = { ...acme, kind: 'key' as const }
    await t.rejects(
      house.call(updateMemberRole, asKey, { userId: 'person_acme_viewer', role: 'viewer' }),
      fails('not_allowed'),
    )
  })

  await t.test('without a directory people are not made up', async (t) => {
    const alone = open({ db: house.host.as('gatehouse_mcp') })(acme, undefined as never)
    await t.rejects(listUsers.run({ limit: 1 }, Object.assign(bareCall(acme), alone)), fails('directory.away'))
  })

  await t.test('create_site announces what it made, and takes no code twice', async (t) => {
    await house.takeEvents()
    const made = await house.call(createSite, acme, { ...SITE, floorAreaM2: 12.5 })
    t.match(made, { id: /^sit_[0-9a-f]{32}$/, ...SITE, city: '', floorAreaM2: 12.5, status: 'active' })
    const events = await house.takeEvents()
    t.match(events, [
      {
        subject: 'domain.acme.site.created',
        event: { type: 'gatehouse.site.created.v1', tenantid: 'acme', data: { siteId: made.id, by: 'person_acme' } },
      },
    ])
    await t.rejects(house.call(createSite, acme, SITE), fails('code_taken'))
    t.strictSame(await house.takeEvents(), [])
    await house.call(createSite, principalOf('globex'), SITE)
    await house.takeEvents()
  })

  await t.test('update_site changes what is given and keeps the rest', async (t) => {
    const { id } = await house.call(createSite, acme, { ...SITE, code: 'plant-2', floorAreaM2: 10 })
    const change = (input: object) => house.call(updateSite, acme, { siteId: id, ...input })
    t.match(await change({ name: ' Plant two ' }), { name: 'Plant two', code: 'plant-2', floorAreaM2: 10 })
    t.match(await change({ floorAreaM2: null, status: 'archived' }), { floorAreaM2: null, status: 'archived' })
    await t.rejects(change({}), fails('nothing_to_update'))
    await t.rejects(change({ code: 'hq' }), fails('code_taken'))
    for (const siteId of ['sit_none', 'a b', '']) {
      await t.rejects(house.call(updateSite, acme, { siteId, name: 'x' }), fails('unknown_site'))
    }
    t.equal((await house.takeEvents()).length, 3, 'one for each change, none for a refusal')
  })

  await t.test('list_sites pages by code, and a cursor belongs to its list', async (t) => {
    const codes: string[] = []
    let cursor: string | undefined
    do {
      const page = await house.call(listSites, acme, { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      codes.push(...page.sites.map(({ code }: { code: string }) => code))
      cursor = page.nextCursor
    } while (cursor !== undefined)
    t.same(codes, ['hq', 'old', 'plant-1', 'plant-2'])
    t.equal((await house.call(listSites, acme, { status: 'archived' })).sites.length, 2)
    t.equal((await house.call(listSites, acme, { query: 'PLANT' })).sites.length, 2)
    const users = await house.call(listUsers, acme, { limit: 1 })
    await t.rejects(house.call(listSites, acme, { cursor: users.nextCursor }), fails('bad_cursor'))
    await t.rejects(house.call(listSites, acme, { cursor: 'nonsense' }), fails('bad_cursor'))
  })

  await t.test('what is no site does not parse', async (t) => {
    for (const wrong of [
      { code: '' },
      { code: 'two words' },
      { code: 'x'.repeat(65) },
      { name: '  ' },
      { name: 'nul \0' },
      { name: `half ${String.fromCharCode(0xd800)}` },
      { kind: 'castle' },
      { country: 'Germany' },
      { country: 'de' },
      { floorAreaM2: -1 },
      { floorAreaM2: 0.001 },
      { owner: 'me' },
    ]) {
      t.notOk(createSite.input.safeParse({ ...SITE, ...wrong }).success, JSON.stringify(wrong))
    }
  })
})
