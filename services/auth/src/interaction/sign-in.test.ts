import { KeyValueUnavailable, openKeyValue } from '@gatehouse/kv'
import { test } from 'tap'
import { ADMIN, formOf, openHouse, PASSWORD, Visitor } from '../testing/house.ts'
import { operate } from '../testing/upstream.ts'

test('signing in', async (t) => {
  const house = await openHouse(t)

  await t.test('the right password opens a session under a new cookie [A-LN-03, S-SB-03]', async (t) => {
    const visitor = new Visitor(house)
    const page = await visitor.get('/sign-in')
    const before = visitor.cookie
    const { action, hidden } = formOf(page.body)
    const answer = await visitor.post(action, { ...hidden, email: 'Member@ACME.test', password: PASSWORD })
    t.equal(answer.statusCode, 303, '[A-TP-02]')
    t.equal(answer.headers.location, '/')
    t.not(visitor.cookie, before)
    t.match(
      [answer.headers['set-cookie']].flat().at(-1),
      /^__Host-gatehouse=[^;]+; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    )
    const home = await visitor.get('/')
    t.match(home.body, 'Mei Tanaka')
    t.match(home.body, 'https://align.example/mcp')
    const planted = new Visitor(house)
    planted.cookie = before
    t.equal((await planted.get('/')).headers.location, '/sign-in', 'the old cookie is worth nothing')
    t.equal((await visitor.get('/sign-in')).headers.location, '/')
  })

  await t.test('the wrong password, an unknown account and an odd form look the same [A-LN-04]', async (t) => {
    const visitor = new Visitor(house)
    for (const [email, password] of [
      ['owner@acme.test', 'wrong'],
      ['nobody@acme.test', PASSWORD],
      ['owner@acme.test', ''],
      ['', ''],
      [`${'x'.repeat(1_000)}@acme.test`, PASSWORD],
      ['owner@acme.test', 'x'.repeat(5_000)],
    ] as const) {
      const answer = await visitor.signIn(email, password)
      t.equal(answer.statusCode, 403)
      t.match(answer.body, 'Email or password is wrong.')
    }
  })

  await t.test('an account that cannot be used looks like one whose password is wrong [A-LN-04]', async (t) => {
    const { people } = await operate(house, ADMIN, 'GET', '/people?email=viewer@acme.test')
    await operate(house, ADMIN, 'PATCH', `/people/${people[0].id}`, { status: 'deactivated' })
    const answer = await new Visitor(house).signIn('viewer@acme.test')
    t.equal(answer.statusCode, 403)
    t.match(answer.body, 'Email or password is wrong.')
    await operate(house, ADMIN, 'PATCH', `/people/${people[0].id}`, { status: 'active' })
    t.equal((await new Visitor(house).signIn('viewer@acme.test')).statusCode, 200)
  })

  await t.test('403 for a form of another site or without its token [A-LN-02]', async (t) => {
    const visitor = new Visitor(house)
    const { hidden } = formOf((await visitor.get('/sign-in')).body)
    const form = { ...hidden, email: 'member@acme.test', password: PASSWORD }
    t.equal((await visitor.post('/sign-in', { ...form, csrf: '' })).statusCode, 403)
    t.equal((await visitor.post('/sign-in', form, { 'sec-fetch-site': 'cross-site' })).statusCode, 403)
    t.equal((await new Visitor(house).post('/sign-in', form)).statusCode, 403, 'another browser')
    t.equal((await visitor.post('/sign-in', form, { origin: 'null', 'sec-fetch-site': 'same-origin' })).statusCode, 303)
  })

  await t.test(
    'a stranger who guesses is slowed; the person elsewhere is not kept out [A-LN-04, A-OP-01]',
    async (t) => {
      const attacker = new Visitor(house)
      let answer = await attacker.signIn('admin@acme.test', 'guess')
      for (let count = 0; count < 20; count += 1) answer = await attacker.signIn('admin@acme.test', 'guess')
      t.equal(answer.statusCode, 429)
      t.match(answer.headers, { 'retry-after': /^\d+$/ })
      t.equal((await attacker.signIn('admin@acme.test', PASSWORD)).statusCode, 429, 'even with the right one')
      for (let count = 0; count < 100; count += 1) await attacker.signIn('admin@acme.test', 'guess')
      const elsewhere = new Visitor(house, '192.0.2.7')
      t.equal((await elsewhere.signIn('admin@acme.test', PASSWORD)).statusCode, 200, 'from another address')
      house.clock.forward(61_000)
      t.equal((await attacker.signIn('admin@acme.test', PASSWORD)).statusCode, 200, 'a minute later')
    },
  )

  await t.test('another address of the same IPv6 network does not give more tries [A-LN-04, A-OP-01]', async (t) => {
    const guess = (address: string) => new Visitor(house, address).signIn('stranger@acme.test', 'guess')
    for (let count = 0; count < 20; count += 1) await guess(`2001:db8:7:0:${count}::1`)
    t.equal((await guess('2001:db8:7::ffff')).statusCode, 429)
    t.equal((await guess('2001:db8:7:1::1')).statusCode, 403, 'another network')
  })

  await t.test('one account has one spelling, so another does not give more tries [A-LN-04]', async (t) => {
    t.equal((await new Visitor(house).signIn(' OWNER@initech.test ')).statusCode, 200, 'case and spaces do not matter')
    const dotted = await new Visitor(house).signIn('owner@in\u0130tech.test')
    t.equal(dotted.statusCode, 403, 'what only the database takes for the same letter is another account')
  })

  await t.test('signing out ends the session [A-LN-03]', async (t) => {
    const visitor = new Visitor(house)
    const home = await visitor.signIn('owner@acme.test')
    const csrf = /name="csrf" value="([^"]+)"/.exec(home.body)?.[1] ?? ''
    const cookie = visitor.cookie
    t.equal((await visitor.post('/sign-out', { csrf: 'x' })).statusCode, 403)
    const out = await visitor.post('/sign-out', { csrf })
    t.match(out.body, 'You are signed out')
    visitor.cookie = cookie
    t.equal((await visitor.get('/')).headers.location, '/sign-in')
  })

  await t.test('a session ends after a day without use, and after two weeks of use', async (t) => {
    const [visitor, idle] = [new Visitor(house), new Visitor(house)]
    await visitor.signIn('owner@globex.test')
    await idle.signIn('owner@globex.test')
    for (let use = 0; use < 14; use += 1) {
      house.clock.forward(23 * 3_600_000)
      t.equal((await visitor.get('/')).statusCode, 200)
      if (use === 1) t.equal((await idle.get('/')).statusCode, 303, 'a day without use')
    }
    house.clock.forward(23 * 3_600_000)
    t.equal((await visitor.get('/')).statusCode, 303, 'two weeks, however much it was used')
  })
})

test('while the store of counters is away people can sign in, and guessing is still slowed', async (t) => {
  const kv = await openKeyValue('memory:')
  await kv.close()
  await t.rejects(kv.ping(), KeyValueUnavailable)
  const house = await openHouse(t, { deps: { kv } })
  t.equal((await new Visitor(house).signIn()).statusCode, 200)
  const attacker = new Visitor(house)
  let answer = await attacker.signIn('admin@acme.test', 'guess')
  for (let count = 0; count < 20; count += 1) answer = await attacker.signIn('admin@acme.test', 'guess')
  t.equal(answer.statusCode, 429)
})
