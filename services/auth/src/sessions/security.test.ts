import { sql } from '@gatehouse/database'
import { hash } from '@node-rs/argon2'
import { test } from 'tap'
import { createPasswords } from '../people/passwords.ts'
import {
  ADMIN,
  authorize,
  connect,
  exchangeForm,
  newVerifier,
  openHouse,
  outboxOf,
  PASSWORD,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

const SECURITY = '/settings/security'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const csrfOf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
const sessionsOf = (html: string): string[] =>
  [...html.matchAll(/name="session" value="([^"]+)"/g)].map(([, id]) => id ?? '')

test('sessions', async (t) => {
  const house = await openHouse(t)
  const signedIn = async (email: string, address = '127.0.0.1') => {
    const visitor = new Visitor(house, address)
    await visitor.signIn(email)
    return visitor
  }

  await t.test('a person sees where they are signed in and ends one of them, theirs alone [A-LN-03]', async (t) => {
    const [desk, phone, stranger] = [
      await signedIn('member@acme.test'),
      await signedIn('member@acme.test', '203.0.113.77'),
      await signedIn('viewer@acme.test'),
    ]
    await house.db.asPlatform('test', (tx) =>
      tx.run(sql`update auth.sessions set user_agent = ${FIREFOX} where network = '203.0.113.0/24'`),
    )
    const page = (await desk.get(SECURITY)).body
    t.match(page, 'Firefox on Linux')
    t.match(page, '203.0.113.0/24')
    t.notMatch(page, '203.0.113.77', 'the address itself is kept nowhere')
    t.equal(sessionsOf(page).length, 2)
    t.equal(page.split('This browser').length, 2)
    const ids = await house.db.asPlatform('test', (tx) =>
      tx.one<{ id: string }>(sql`select id from auth.sessions where network = '203.0.113.0/24'`),
    )
    const theirs = { csrf: csrfOf((await stranger.get(SECURITY)).body), session: ids.id }
    t.equal((await stranger.post(`${SECURITY}/session`, theirs)).statusCode, 404)
    t.equal((await desk.post(`${SECURITY}/session`, { csrf: 'x', session: ids.id })).statusCode, 403)
    const done = await desk.post(`${SECURITY}/session`, { csrf: csrfOf(page), session: ids.id })
    t.match(done.body, 'That browser is signed out.')
    t.equal((await phone.get('/')).headers.location, '/sign-in')
    t.equal((await desk.get('/')).statusCode, 200)
    const [own = ''] = sessionsOf(done.body)
    t.match((await desk.post(`${SECURITY}/session`, { csrf: csrfOf(done.body), session: own })).body, 'signed out')
    t.equal((await desk.get('/')).headers.location, '/sign-in')
  })

  await t.test(
    'signing out everywhere ends every session; applications stay unless they are to go too [A-LN-03, A-RF-10]',
    async (t) => {
      const tokens = await connect(house)
      const [one, two] = [await signedIn('member@acme.test'), await signedIn('member@acme.test')]
      const form = { csrf: csrfOf((await one.get(SECURITY)).body) }
      t.equal((await one.post(`${SECURITY}/sign-out-everywhere`, { csrf: 'x' })).statusCode, 403)
      const page = await one.post(`${SECURITY}/sign-out-everywhere`, form)
      t.match(page.body, 'in every browser')
      for (const visitor of [one, two]) t.equal((await visitor.get('/')).headers.location, '/sign-in')
      const refreshed = await token(house, refreshForm(tokens.client, tokens.refresh_token))
      t.equal(refreshed.statusCode, 200, 'what was allowed stays allowed')
      const again = await signedIn('member@acme.test')
      const revoke = { csrf: csrfOf((await again.get(SECURITY)).body), applications: 'revoke' }
      t.match((await again.post(`${SECURITY}/sign-out-everywhere`, revoke)).body, 'No application has access')
      t.equal((await token(house, refreshForm(tokens.client, refreshed.json().refresh_token))).statusCode, 400)
      t.match((await outboxOf(house.db)).at(-1), { event: { data: { kind: 'grant', reason: 'person.revoked' } } })
    },
  )

  await t.test(
    'a new password needs the old one, ends every other session and renews this one [A-LN-03, A-LN-04]',
    async (t) => {
      const [here, there] = [await signedIn('viewer@globex.test'), await signedIn('viewer@globex.test')]
      const csrf = csrfOf((await here.get(SECURITY)).body)
      const change = (current: string, password: string) =>
        here.post(`${SECURITY}/password`, { csrf, current, password })
      const wrong = await change('not it', 'a very new password')
      t.equal(wrong.statusCode, 403)
      t.match(wrong.body, 'That is not your password.')
      t.match((await change(PASSWORD, 'short')).body, 'Use at least 12 characters')
      t.match((await change(PASSWORD, 'priya raman 1')).body, 'Do not build it from your name')
      const before = here.cookie
      const done = await change(PASSWORD, 'a very new pass phrase')
      t.match(done.body, 'Your password is changed.')
      t.not(here.cookie, before)
      t.equal((await here.get('/')).statusCode, 200)
      t.equal((await there.get('/')).statusCode, 303)
      const old = new Visitor(house)
      old.cookie = before
      t.equal((await old.get('/')).statusCode, 303, 'the cookie from before is worth nothing')
      t.equal((await new Visitor(house).signIn('viewer@globex.test')).statusCode, 403)
      t.equal((await new Visitor(house).signIn('viewer@globex.test', 'a very new pass phrase')).statusCode, 200)
      const guess = { csrf: csrfOf(done.body), current: 'guess', password: 'a very new pass phrase' }
      let answer = await here.post(`${SECURITY}/password`, guess)
      for (let count = 0; count < 10; count += 1) answer = await here.post(`${SECURITY}/password`, guess)
      t.equal(answer.statusCode, 429)
      t.match(answer.headers, { 'retry-after': /^\d+$/ })
    },
  )

  await t.test(
    'of two tenants one is selected, and only one where one belongs; tokens that are pinned to their grant do not move',
    async (t) => {
      const visitor = await signedIn('consultant@example.test')
      const [acme, globex, initech] = house.tenants
      const page = (await visitor.get('/')).body
      t.match(page, 'Your other organisations')
      const csrf = csrfOf(page)
      const go = (tenant: string | undefined) => visitor.post('/settings/organisation', { csrf, tenant: tenant ?? '' })
      t.equal((await go(initech?.id)).statusCode, 404)
      t.equal((await visitor.post('/settings/organisation', { csrf: 'x', tenant: acme?.id ?? '' })).statusCode, 403)
      const { client_id } = await registerClient(house)
      const verifier = newVerifier()
      const code = (await authorize(house, client_id, verifier, {}, visitor)).get('code') ?? ''
      const { access_token } = (await token(house, exchangeForm(client_id, code, verifier))).json()
      t.ok((await house.auth.introspect(access_token)).active)
      const told = (await outboxOf(house.db)).length
      const selected = page.includes(`name="tenant" value="${globex?.id}"`) ? globex : acme
      t.equal((await go(selected?.id)).statusCode, 303)
      t.equal((await outboxOf(house.db)).length, told, 'no token is another for it')
      t.match(await house.auth.introspect(access_token), { active: true })
      t.match((await visitor.get('/')).body, selected?.name)
    },
  )

  await t.test('an operator lists and ends the sessions of a person', async (t) => {
    const [one, two] = [await signedIn('admin@globex.test'), await signedIn('admin@globex.test')]
    const { people } = await operate(house, ADMIN, 'GET', '/people?email=ADMIN@globex.test')
    const path = `/people/${people[0].id}/sessions`
    const { sessions } = await operate(house, ADMIN, 'GET', path)
    t.equal(sessions.length, 2)
    t.notMatch(JSON.stringify(sessions), /hash/i)
    t.same(await operate(house, ADMIN, 'DELETE', `/sessions/${sessions[0].id}`), { httpStatus: 200, ended: true })
    t.equal((await operate(house, ADMIN, 'DELETE', `/sessions/${sessions[0].id}`)).httpStatus, 404)
    t.same(await operate(house, ADMIN, 'DELETE', path), { httpStatus: 200, sessions: 1, grants: 0 })
    for (const visitor of [one, two]) t.equal((await visitor.get('/')).statusCode, 303)
    t.equal((await operate(house, ADMIN, 'GET', '/people/per_x/sessions')).httpStatus, 404)
  })

  await t.test(
    'people who leave, lose their account or get another role: tokens and sessions end with it',
    async (t) => {
      const tokens = await connect(house)
      const { people } = await operate(house, ADMIN, 'GET', '/people?email=member@acme.test')
      const { id, memberships } = people[0]
      const role = `/tenants/${memberships[0].tenant}/people/${id}`
      t.equal((await operate(house, ADMIN, 'PATCH', role, { role: 'emperor' })).httpStatus, 400)
      t.equal((await operate(house, ADMIN, 'PATCH', role, { role: 'constructor' })).httpStatus, 400)
      await operate(house, ADMIN, 'PATCH', role, { role: 'admin' })
      t.match((await outboxOf(house.db)).at(-1), { event: { data: { kind: 'membership', reason: 'role.changed' } } })
      const visitor = await signedIn('member@acme.test')
      t.match(await operate(house, ADMIN, 'PATCH', `/people/${id}`, { status: 'deactivated' }), { httpStatus: 200 })
      t.equal((await visitor.get('/')).statusCode, 303)
      t.equal((await token(house, refreshForm(tokens.client, tokens.refresh_token))).statusCode, 400)
      t.match((await outboxOf(house.db)).at(-1), {
        event: { data: { kind: 'person', person: id, reason: 'person.deactivated' } },
      })
      t.equal((await operate(house, ADMIN, 'DELETE', `/people/${id}`)).httpStatus, 200)
      t.same((await operate(house, ADMIN, 'GET', '/people?email=member@acme.test')).people, [])
      const left = await operate(house, ADMIN, 'GET', `/people/${id}`)
      t.match(left, { name: 'Deleted', status: 'deactivated', password: false, memberships: [], identities: [] })
      t.notMatch(JSON.stringify(left), 'Mei')
    },
  )

  await t.test('a mistyped address is a page in a browser, and JSON for programs', async (t) => {
    const page = await house.server.inject({ url: '/settings/nothing', headers: { accept: 'text/html,*/*;q=0.8' } })
    t.equal(page.statusCode, 404)
    t.match(page.headers['content-type'], 'text/html')
    t.match(page.headers['content-security-policy'], "frame-ancestors 'none'")
    t.match(page.body, 'There is no such page')
    t.match((await house.server.inject({ url: '/settings/nothing' })).json(), { error: 'not_found' })
  })
})

test('a browser that signed in before keeps its own tries while somebody elsewhere uses up the others [A-LN-04, A-OP-01]', async (t) => {
  const house = await openHouse(t)
  const owner = new Visitor(house, '192.0.2.1')
  await owner.signIn('owner@acme.test')
  owner.cookie = undefined
  const guess = async (visitor: Visitor) => (await visitor.signIn('owner@acme.test', 'guess')).statusCode
  for (let network = 0; network < 6; network += 1) {
    const attacker = new Visitor(house, `198.51.100.${network}`)
    for (let count = 0; count < 20; count += 1) await guess(attacker)
  }
  t.equal(await guess(new Visitor(house, '198.51.100.99')), 429, 'from many addresses the account is closed')
  t.equal((await new Visitor(house, '192.0.2.1').signIn('owner@acme.test')).statusCode, 429, 'to new browsers')
  t.equal((await owner.signIn('owner@acme.test')).statusCode, 200, 'and open to the one that is known')
  // A cookie that was not made here, or for another account, counts for nothing.
  const forger = new Visitor(house, '198.51.100.98')
  const page = await forger.get('/sign-in')
  const form = { csrf: csrfOf(page.body), email: 'owner@acme.test', password: PASSWORD }
  const forged = `__Host-gatehouse-device=${'a'.repeat(43)}.20000-${'b'.repeat(43)}`
  t.equal((await forger.post('/sign-in', form, { cookie: `${forger.cookie}; ${forged}` })).statusCode, 429)
})

test('a password that was hashed at an older cost is hashed anew at the next sign-in', async (t) => {
  const house = await openHouse(t)
  const old = await hash(PASSWORD, { memoryCost: 8_192, timeCost: 1, parallelism: 1 })
  const stored = (write?: string) =>
    house.db.asPlatform('test', (tx) =>
      tx.one<{ hash: string }>(sql`
        update auth.people set password_hash = coalesce(${write ?? null}, password_hash)
        where email = 'owner@acme.test' returning password_hash as hash`),
    )
  await stored(old)
  t.equal((await new Visitor(house).signIn('owner@acme.test', 'wrong')).statusCode, 403)
  t.equal((await stored()).hash, old, 'a wrong one changes nothing')
  t.equal((await new Visitor(house).signIn('owner@acme.test')).statusCode, 200)
  const renewed = (await stored()).hash
  t.match(renewed, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  t.equal((await new Visitor(house).signIn('owner@acme.test')).statusCode, 200)
  t.equal((await stored()).hash, renewed, 'once')
})

test('more passwords than can wait are refused and none is lost', async (t) => {
  const passwords = createPasswords({ concurrent: 1, waiting: 2 })
  const hashed = await passwords.hash('one of them')
  const tries = await Promise.allSettled(Array.from({ length: 5 }, () => passwords.verify(hashed, 'one of them')))
  t.same(
    tries.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.reason)),
    [true, true, true, 'unavailable', 'unavailable'],
  )
  t.equal(await passwords.verify(hashed, 'one of them'), true, 'and there is room again')
})
