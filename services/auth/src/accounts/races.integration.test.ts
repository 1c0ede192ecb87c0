import { openDatabase, sql } from '@gatehouse/database'
import { loadProfile } from '@gatehouse/profiles'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { putRule, removeRule } from '../client-hosts/change-rules.ts'
import {
  ADMIN,
  authorizeUrl,
  CALLBACK,
  linkIn,
  newVerifier,
  ORIGIN,
  openHouse,
  PASSWORD,
  registerClient,
  Visitor,
} from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'
import { changeRole, deletePerson, type MemberChange, removeMember } from './members.ts'

const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
const together = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)))

test('people and their links, many requests at once', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 16 })
  t.teardown(() => host.close())
  const house = await openHouse(t, { host })
  const { db } = house
  const profile = loadProfile('align')
  const tenant = house.tenants[0]?.id ?? ''
  const people = house.tenants[0]?.people.map(({ id }) => id) ?? []
  const setRole = (role: string) =>
    db.asPlatform('test', (tx) =>
      tx.run(sql`
        insert into auth.memberships (tenant_id, person_id, role) select ${tenant}, id, ${role} from auth.people
        where id = any(${people}) on conflict (tenant_id, person_id) do update set role = excluded.role`),
    )
  const owners = async () =>
    db.asPlatform('test', (tx) =>
      tx.one<{ count: number }>(
        sql`select count(*)::integer as count from auth.memberships where tenant_id = ${tenant} and role = 'owner'`,
      ),
    )
  const ways: Readonly<Record<string, (person: string) => Promise<MemberChange>>> = {
    'are demoted': (person) => db.asPlatform('test', (tx) => changeRole(tx, person, tenant, 'member')),
    leave: (person) => db.asPlatform('test', (tx) => removeMember(tx, person, tenant, new Date())),
    'are demoted or leave': (person) =>
      db.asPlatform('test', (tx) =>
        person < (people[2] ?? '')
          ? changeRole(tx, person, tenant, 'viewer')
          : removeMember(tx, person, tenant, new Date()),
      ),
  }
  for (const [name, way] of Object.entries(ways)) {
    await t.test(`of all the owners who ${name} at once, one stays`, async (t) => {
      for (let round = 0; round < 5; round += 1) {
        await setRole('owner')
        const changes = await Promise.all(people.map(way))
        t.equal(changes.filter(({ kind }) => kind === 'owner.last').length, 1, `round ${round}`)
        t.same(await owners(), { count: 1 })
      }
    })
  }

  await t.test('of two owners who delete their account at once, one stays with the others', async (t) => {
    await setRole('member')
    const two = people.slice(0, 2)
    for (const id of two) await db.asPlatform('test', (tx) => changeRole(tx, id, tenant, 'owner'))
    const changes = await Promise.all(two.map((id) => db.asPlatform('test', (tx) => deletePerson(tx, id, new Date()))))
    t.same(changes.map(({ kind }) => kind).sort(), ['done', 'owner.last'])
  })

  await t.test('of 12 who use one link to a password at once, one sets it', async (t) => {
    const person = house.tenants[1]?.people[2]?.id ?? ''
    const { link } = await operate(house, ADMIN, 'POST', `/people/${person}/password-link`, {})
    const path = String(link).slice(ORIGIN.length)
    const pages = await together(12, async () => {
      const visitor = new Visitor(house)
      return { visitor, page: await visitor.get(path) }
    })
    const answers = await Promise.all(
      pages.map(async ({ visitor, page }, n) => {
        const [csrf, secret] = [csrfOf(page.body), path.split('=')[1] ?? '']
        return visitor.post('/sign-in/new-password', { csrf, link: secret, password: `one pass phrase of ${n} many` })
      }),
    )
    t.equal(answers.filter(({ statusCode }) => statusCode === 303).length, 1)
    t.equal(answers.filter(({ statusCode }) => statusCode === 410).length, 11)
  })

  await t.test('of 12 who take one invitation at once, one does', async (t) => {
    const globex = house.tenants[1]?.id ?? ''
    const body = { email: 'many@new.test', role: 'member', send: true }
    await operate(house, ADMIN, 'POST', `/tenants/${globex}/invitations`, body)
    const path = linkIn(house.mails.all.find(({ to }) => to === 'many@new.test') ?? { to: '', subject: '', text: '' })
    const pages = await together(12, async () => {
      const visitor = new Visitor(house)
      return { visitor, page: await visitor.get(path) }
    })
    const answers = await Promise.all(
      pages.map(async ({ visitor, page }) => {
        const fields = {
          csrf: csrfOf(page.body),
          link: path.split('=')[1] ?? '',
          name: 'Many',
          password: 'one pass phrase of many',
        }
        return visitor.post('/settings/invitation', fields)
      }),
    )
    t.equal(answers.filter(({ statusCode }) => statusCode === 303).length, 1)
    t.ok(answers.every(({ statusCode }) => statusCode < 500))
  })

  await t.test('a client that is denied while people allow it holds nothing afterwards', async (t) => {
    const globex = house.tenants[1]?.id ?? ''
    const { client_id: client } = await registerClient(house)
    const rule = { host: new URL(CALLBACK).hostname, rule: 'deny' } as const
    const of = () => ({ now: new Date(), profile })
    const visitors = await together(6, async () => {
      const visitor = new Visitor(house)
      await visitor.signIn('owner@globex.test', PASSWORD)
      return visitor
    })
    for (let round = 0; round < 4; round += 1) {
      const pages = await Promise.all(
        visitors.map(async (visitor) =>
          visitor.follow(await visitor.get(authorizeUrl(client, newVerifier(), { prompt: 'consent' }))),
        ),
      )
      await Promise.all([
        ...visitors.map((visitor, n) => {
          const page = pages[n]
          return page === undefined ? undefined : visitor.submit(page, { decision: 'approve' })
        }),
        db.asPlatform('test', (tx) => putRule(tx, globex, rule, of())),
      ])
      const left = await db.asPlatform('test', (tx) =>
        tx.one<{ count: number }>(sql`
          select count(*)::integer as count from auth.grants where client_id = ${client} and ended_at is null`),
      )
      t.same(left, { count: 0 }, `round ${round}`)
      await db.asPlatform('test', (tx) => removeRule(tx, globex, rule.host, of()))
    }
  })
})
