import { openDatabase, sql } from '@gatehouse/database'
import { postgres } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { ADMIN, ORIGIN, openHouse, PASSWORD, Visitor } from '../testing/house.ts'
import { configured, departureOf, Elsewhere, openUpstream, operate } from '../testing/upstream.ts'

file.setTimeout(120_000)

test('races of people, on PostgreSQL', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url, { poolSize: 16 })
  t.teardown(() => host.close())
  const upstream = await openUpstream(t, [`${ORIGIN}/sign-in/corp/callback`])
  const house = await openHouse(t, { host, deps: { upstream: [configured(upstream)] } })
  const [acme] = house.tenants
  await operate(house, ADMIN, 'PATCH', `/tenants/${acme?.id}/sign-in-policies/corp`, {
    policy: 'join',
    domains: ['race.test'],
    role: 'member',
  })
  const back = async (visitor: Visitor, account: string) => {
    const url = await new Elsewhere().signIn(await departureOf(visitor, (await visitor.get('/sign-in')).body), account)
    return url.slice(ORIGIN.length)
  }
  const count = (of: ReturnType<typeof sql>) =>
    house.db.asPlatform('test', async (tx) => (await tx.one<{ count: number }>(of)).count)

  await t.test('of 20 who bring one answer at once, one is signed in [A-LN-07]', async (t) => {
    upstream.accounts.set('one', { email: 'one@race.test', email_verified: true, name: 'One' })
    const visitor = new Visitor(house)
    const path = await back(visitor, 'one')
    const copies = Array.from({ length: 20 }, () => {
      const copy = new Visitor(house)
      copy.cookie = visitor.cookie
      return copy
    })
    const answers = await Promise.all(copies.map((copy) => copy.get(path)))
    t.same(answers.map(({ statusCode }) => statusCode).sort(), [303, ...Array.from({ length: 19 }, () => 400)])
    t.equal(await count(sql`select count(*)::integer from auth.sessions where method = 'upstream:corp'`), 1)
  })

  await t.test('ten first sign-ins of one account at once make one account, and nobody is answered 5xx', async (t) => {
    upstream.accounts.set('two', { email: 'two@race.test', email_verified: true, name: 'Two' })
    const visitors = Array.from({ length: 10 }, () => new Visitor(house))
    const paths = await Promise.all(visitors.map((visitor) => back(visitor, 'two')))
    const answers = await Promise.all(visitors.map((visitor, index) => visitor.get(paths[index] ?? '')))
    for (const { statusCode } of answers) t.ok([303, 403].includes(statusCode), String(statusCode))
    t.ok(answers.some(({ statusCode }) => statusCode === 303))
    t.equal(await count(sql`select count(*)::integer from auth.people where email = 'two@race.test'`), 1)
    t.equal(await count(sql`select count(*)::integer from auth.upstream_identities where subject = 'two'`), 1)
  })

  await t.test('of two password changes at once one is done, and only its session lives', async (t) => {
    const [one, two] = [new Visitor(house), new Visitor(house)]
    const csrf: string[] = []
    for (const visitor of [one, two]) {
      await visitor.signIn('viewer@acme.test')
      csrf.push(/name="csrf" value="([^"]+)"/.exec((await visitor.get('/settings/security')).body)?.[1] ?? '')
    }
    const change = (visitor: Visitor, index: number) =>
      visitor.post('/settings/security/password', {
        csrf: csrf[index] ?? '',
        current: PASSWORD,
        password: `a new pass phrase ${index}`,
      })
    const answers = await Promise.all([change(one, 0), change(two, 1)])
    t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
    const alive = await Promise.all([one, two].map(async (visitor) => (await visitor.get('/')).statusCode))
    t.same(alive.sort(), [200, 303])
  })
})
