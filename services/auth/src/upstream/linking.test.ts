import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { ADMIN, ORIGIN, openHouse, Visitor } from '../testing/house.ts'
import { configured, departureOf, Elsewhere, openUpstream, operate, signInElsewhere } from '../testing/upstream.ts'

const SECURITY = '/settings/security'

test('what is linked to whom', async (t) => {
  const upstream = await openUpstream(t, [`${ORIGIN}/sign-in/corp/callback`])
  const house = await openHouse(t, { deps: { upstream: [configured(upstream)] } })
  const [acme] = house.tenants
  const account = (subject: string, email: string) => upstream.accounts.set(subject, { email, email_verified: true })
  const linked = () => house.db.asPlatform('test', (tx) => tx.rows(sql`select person_id from auth.upstream_identities`))

  await t.test('an answer links nobody but who asked, while they are signed in', async (t) => {
    account('mei', 'mei@elsewhere.test')
    for (const meanwhile of [
      sql`update auth.sessions set person_id = (select id from auth.people where email = 'owner@acme.test')`,
      sql`delete from auth.sessions`,
    ]) {
      const visitor = new Visitor(house)
      await visitor.signIn('member@acme.test')
      const there = await departureOf(visitor, (await visitor.get(SECURITY)).body)
      const back = await new Elsewhere().signIn(there, 'mei')
      await house.db.asPlatform('test', (tx) => tx.run(meanwhile))
      const answer = await visitor.get(back.slice(ORIGIN.length))
      t.equal(answer.statusCode, 400)
      t.match(answer.body, 'This sign-in cannot be finished')
      t.same(await linked(), [])
    }
  })

  await t.test('a suspended tenant takes nobody in', async (t) => {
    account('late', 'late@new.test')
    const rule = { policy: 'join', domains: ['new.test'], role: 'viewer' }
    await operate(house, ADMIN, 'PATCH', `/tenants/${acme?.id}/sign-in-policies/corp`, rule)
    const suspend = (status: string) => operate(house, ADMIN, 'PATCH', `/tenants/${acme?.id}`, { status })
    await suspend('suspended')
    t.match(await signInElsewhere(new Visitor(house), 'late'), { statusCode: 403, body: /No organisation here/ })
    await suspend('active')
    t.equal((await signInElsewhere(new Visitor(house), 'late')).statusCode, 200)
  })

  await t.test('who signed in some time ago has to do it again before a way to sign in is added', async (t) => {
    const visitor = new Visitor(house)
    await visitor.signIn('viewer@acme.test')
    const page = await visitor.get(SECURITY)
    house.clock.forward(15 * 60_000 + 1_000)
    await t.rejects(departureOf(visitor, page.body), /403[\s\S]*Sign in again first/)
  })
})
