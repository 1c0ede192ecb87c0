import { sql } from '@gatehouse/database'
import { test } from 'tap'
import {
  ADMIN,
  authorizeUrl,
  formOf,
  newVerifier,
  ORIGIN,
  openHouse,
  PASSWORD,
  registerClient,
  Visitor,
} from '../testing/house.ts'
import { configured, departureOf, Elsewhere, openUpstream, operate, signInElsewhere } from '../testing/upstream.ts'

const CALLBACK = `${ORIGIN}/sign-in/corp/callback`

test('signing in at another OpenID provider', async (t) => {
  const upstream = await openUpstream(t, [CALLBACK, `${ORIGIN}/sign-in/other/callback`])
  const house = await openHouse(t, {
    deps: { upstream: [configured(upstream, { authoritativeDomains: ['globex.test'] })] },
  })
  const [acme, globex] = house.tenants
  const account = (subject: string, email: string, verified = true) =>
    upstream.accounts.set(subject, { email, email_verified: verified, name: `Name of ${subject}` })
  const policy = (tenant: string | undefined, change: object) =>
    operate(house, ADMIN, 'PATCH', `/tenants/${tenant}/sign-in-policies/corp`, change)
  const peopleNamed = (email: string) =>
    house.db.asPlatform('test', (tx) =>
      tx.rows<{ id: string; role: string }>(
        sql`select p.id, m.role from auth.people p left join auth.memberships m on m.person_id = p.id where email = ${email}`,
      ),
    )

  await t.test('nobody whom no organisation lets in is let in, and no account is made', async (t) => {
    account('stranger', 'stranger@nowhere.test')
    const page = await signInElsewhere(new Visitor(house), 'stranger')
    t.equal(page.statusCode, 403)
    t.match(page.body, 'No organisation here lets you in yet')
    t.match(page.body, 'name="password"', 'and the sign-in page goes on')
    t.same(await peopleNamed('stranger@nowhere.test'), [])
  })

  await t.test(
    'by domain: an account with the role that the rule gives; the same one the next time [A-LN-07]',
    async (t) => {
      await policy(acme?.id, { policy: 'join', domains: ['New.acme.test'], role: 'viewer' })
      account('sub-1', 'Nia@new.acme.test')
      const visitor = new Visitor(house)
      await visitor.get('/sign-in')
      const before = visitor.cookie
      const home = await signInElsewhere(visitor, 'sub-1')
      t.match(home.body, 'Name of sub-1')
      t.match(home.body, 'Acme Industries')
      t.not(visitor.cookie, before, 'under a new cookie')
      const [made] = await peopleNamed('Nia@new.acme.test')
      t.equal(made?.role, 'viewer')
      account('sub-1', 'renamed@new.acme.test', false)
      t.match(
        (await signInElsewhere(new Visitor(house), 'sub-1')).body,
        'Name of sub-1',
        'whatever the address says now',
      )
      t.equal((await peopleNamed('renamed@new.acme.test')).length, 0)
      const sub2 =
        account('sub-2', 'other@new.acme.test.evil.test') && (await signInElsewhere(new Visitor(house), 'sub-2'))
      t.equal(sub2.statusCode, 403, 'a domain is the whole of it')
    },
  )

  await t.test('who has no password cannot sign in with one, whatever it is [A-LN-04]', async (t) => {
    for (const password of ['', 'x', PASSWORD, 'null']) {
      const answer = await new Visitor(house).signIn('Nia@new.acme.test', password)
      t.equal(answer.statusCode, 403)
      t.match(answer.body, 'Email or password is wrong.')
    }
  })

  await t.test('who was taken out of an organisation does not come back by signing in', async (t) => {
    const [person] = await peopleNamed('Nia@new.acme.test')
    await operate(house, ADMIN, 'DELETE', `/tenants/${acme?.id}/people/${person?.id}`)
    await signInElsewhere(new Visitor(house), 'sub-1')
    t.equal((await peopleNamed('Nia@new.acme.test'))[0]?.role, null)
  })

  await t.test('invite-only: with an invitation for a verified address, once', async (t) => {
    await policy(acme?.id, { policy: 'invite-only' })
    account('sub-3', 'guest@elsewhere.test')
    t.equal((await signInElsewhere(new Visitor(house), 'sub-3')).statusCode, 403)
    await operate(house, ADMIN, 'POST', `/tenants/${acme?.id}/invitations`, {
      email: 'Guest@elsewhere.test',
      role: 'admin',
    })
    account('sub-4', 'guest@elsewhere.test', false)
    const unverified = await signInElsewhere(new Visitor(house), 'sub-4')
    t.match(unverified.body, 'Your email address is not verified there')
    t.match((await signInElsewhere(new Visitor(house), 'sub-3')).body, 'Name of sub-3')
    t.equal((await peopleNamed('guest@elsewhere.test'))[0]?.role, 'admin')
    t.same((await operate(house, ADMIN, 'GET', `/tenants/${acme?.id}/invitations`)).invitations, [])
  })

  await t.test('an account here is not taken over by an email, verified or not [A-LN-07]', async (t) => {
    await policy(acme?.id, { policy: 'join', domains: ['acme.test'], role: 'member' })
    account('thief', 'owner@acme.test')
    const page = await signInElsewhere(new Visitor(house), 'thief')
    t.equal(page.statusCode, 403)
    t.match(page.body, 'That account belongs to somebody already')
  })

  await t.test(
    'where the operator declared the provider authoritative, a verified address links; an unverified one, or a second account there, does not',
    async (t) => {
      account('unsure', 'owner@globex.test', false)
      t.equal((await signInElsewhere(new Visitor(house), 'unsure')).statusCode, 403)
      account('tomas', 'OWNER@globex.test')
      t.match((await signInElsewhere(new Visitor(house), 'tomas')).body, 'Tomás Herrera')
      account('successor', 'owner@globex.test')
      const page = await signInElsewhere(new Visitor(house), 'successor')
      t.equal(page.statusCode, 403, 'an address that went to another employee')
      t.match(page.body, 'That account belongs to somebody already')
      t.equal((await new Visitor(house).signIn('owner@globex.test')).statusCode, 200, 'the password stays')
    },
  )

  await t.test(
    'an account that an operator made waits for the first who proves its address where its tenants trust that',
    async (t) => {
      await operate(house, ADMIN, 'POST', `/tenants/${acme?.id}/people`, { email: 'made@waiting.test', role: 'member' })
      account('waited', 'made@waiting.test')
      t.match((await signInElsewhere(new Visitor(house), 'waited')).body, 'Acme Industries')
      await operate(house, ADMIN, 'POST', `/tenants/${globex?.id}/people`, {
        email: 'other@waiting.test',
        role: 'owner',
      })
      account('not-trusted', 'other@waiting.test')
      t.equal((await signInElsewhere(new Visitor(house), 'not-trusted')).statusCode, 403, 'globex trusts nobody')
    },
  )

  await t.test(
    'a waiting authorization request goes on; login_hint, max_age and a new sign-in are passed on; our own consent is asked [A-LN-08]',
    async (t) => {
      const { client_id: client } = await registerClient(house)
      const visitor = new Visitor(house)
      const url = authorizeUrl(client, newVerifier(), { login_hint: 'tomas@corp', max_age: '3600', prompt: 'login' })
      const page = await signInElsewhere(visitor, 'tomas', { page: (await visitor.get(url)).body })
      t.match(page.body, 'name="decision"')
      t.match(page.body, 'Globex Corporation')
      t.match(upstream.asked.at(-1), {
        login_hint: 'tomas@corp',
        max_age: '3600',
        prompt: 'login',
        code_challenge_method: 'S256',
        nonce: /^[\w-]{43}$/,
        state: /^[\w-]{43}$/,
        scope: 'openid email profile',
        redirect_uri: CALLBACK,
      })
      const done = await visitor.submit(page, { decision: 'approve' })
      t.match(new URL(String(done.headers.location)).searchParams.get('code'), /^[\w-]{43}$/)
    },
  )

  await t.test(
    'what guards the way there stands in no cookie, so that no way there is opened for whom our own page was not shown [A-CN-08, A-LN-08]',
    async (t) => {
      const { client_id: client } = await registerClient(house)
      const visitor = new Visitor(house)
      const url = authorizeUrl(client, newVerifier())
      const { cookie } = visitor
      const { action: _form, hidden } = formOf((await visitor.get(url)).body)
      t.not(visitor.cookie, cookie, 'the browser is known from the first page')
      const answer = await visitor.post('/sign-in/corp', hidden)
      t.match(answer.headers.refresh, /state=/)
      t.notOk('set-cookie' in answer.headers)
      const way = new URL(String(answer.headers.refresh).replace(/^0; url=/, ''))
      const back = await new Elsewhere().signIn(way.href, 'tomas')
      const stranger = new Visitor(house)
      await stranger.get(url)
      t.equal((await stranger.get(back.slice(ORIGIN.length))).statusCode, 400, 'another browser')
      const arrived = await visitor.follow(await visitor.get(back.slice(ORIGIN.length)))
      t.match(arrived.body, 'name="decision"', 'a consent there is none here')
      t.equal(arrived.headers.location, undefined)
    },
  )

  await t.test('a page that was asked for comes after the sign-in; another site never does', async (t) => {
    const visitor = new Visitor(house)
    t.equal((await visitor.get('/settings/security')).headers.location, '/sign-in?next=%2Fsettings%2Fsecurity')
    t.match((await signInElsewhere(visitor, 'tomas', { next: '/settings/security' })).body, '<h1>Security</h1>')
    t.match((await signInElsewhere(new Visitor(house), 'tomas', { next: '//evil.example' })).body, 'Connect an AI')
  })

  await t.test(
    'somebody who is signed in links an account elsewhere, and never removes the last way to sign in',
    async (t) => {
      account('mei', 'mei@private.test', false)
      const visitor = new Visitor(house)
      await visitor.signIn('member@acme.test')
      const security = (await visitor.get('/settings/security')).body
      const back = await new Elsewhere().signIn(await departureOf(visitor, security), 'mei')
      t.match((await visitor.follow(await visitor.get(back.slice(ORIGIN.length)))).body, 'mei@private.test')
      t.equal(upstream.asked.at(-1)?.prompt, 'login', 'a new sign-in there')
      const elsewhere = new Visitor(house)
      t.match((await signInElsewhere(elsewhere, 'mei')).body, 'Mei Tanaka')
      const taken = new Visitor(house)
      await taken.signIn('viewer@acme.test')
      const theirs = (await taken.get('/settings/security')).body
      const again = await new Elsewhere().signIn(await departureOf(taken, theirs), 'mei')
      t.match((await taken.get(again.slice(ORIGIN.length))).body, 'That account belongs to somebody already')
      const page = (await visitor.get('/settings/security')).body
      const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? ''
      const unlink = { csrf, issuer: upstream.issuer, subject: 'mei' }
      t.equal((await taken.post('/settings/security/unlink', { ...unlink, csrf: formCsrf(theirs) })).statusCode, 404)
      const clearPassword = (hash: string | null) =>
        house.db.asPlatform('test', (tx) =>
          tx.one<{ old: string }>(sql`
          update auth.people p set password_hash = ${hash} from auth.people o
          where o.id = p.id and p.email = 'member@acme.test' returning o.password_hash as old`),
        )
      const { old } = await clearPassword(null)
      t.equal((await visitor.post('/settings/security/unlink', unlink)).statusCode, 409)
      await clearPassword(old)
      house.clock.forward(16 * 60_000)
      t.equal((await visitor.post('/settings/security/unlink', unlink)).statusCode, 403, 'an old sign-in')
      const fresh = new Visitor(house)
      await fresh.signIn('member@acme.test')
      const form = { ...unlink, csrf: formCsrf((await fresh.get('/settings/security')).body) }
      t.match((await fresh.post('/settings/security/unlink', form)).body, 'That way to sign in is removed.')
      // Here it is a quarter of an hour later than there: for us they answer with an old sign-in.
      const stale = await new Elsewhere().signIn(
        await departureOf(fresh, (await fresh.get('/settings/security')).body),
        'mei',
      )
      t.match((await fresh.get(stale.slice(ORIGIN.length))).body, 'A new sign-in is needed')
    },
  )

  await t.test(
    'an answer is good once, in the browser that asked, at the callback of the provider that was asked [A-LN-07, S-SB-05]',
    async (t) => {
      const visitor = new Visitor(house)
      const elsewhere = new Elsewhere()
      const back = await elsewhere.signIn(await departureOf(visitor, (await visitor.get('/sign-in')).body), 'tomas')
      const path = back.slice(ORIGIN.length)
      const lost = async (page: { statusCode: number; body: string }, what: string) => {
        t.equal(page.statusCode, 400, what)
        t.match(page.body, 'This sign-in cannot be finished', what)
      }
      const other = new Visitor(house)
      await other.get('/sign-in')
      await lost(await other.get(path), 'another browser')
      await lost(await new Visitor(house).get(path), 'a browser without a cookie')
      await lost(await visitor.get(path.replace(/state=[^&]+/, `state=${'x'.repeat(43)}`)), 'another state')
      await lost(await visitor.get('/sign-in/corp/callback?code=x'), 'no state')
      t.equal((await visitor.get(path.replace('/corp/', '/nobody/'))).statusCode, 404, 'no such provider')
      t.match((await visitor.follow(await visitor.get(path))).body, 'Tomás Herrera')
      await lost(await visitor.get(path), 'a second time')
      const late = new Visitor(house)
      const tooLate = await elsewhere.signIn(await departureOf(late, (await late.get('/sign-in')).body), 'tomas')
      house.clock.forward(15 * 60_000 + 1)
      await lost(await late.get(tooLate.slice(ORIGIN.length)), 'too late')
    },
  )

  await t.test(
    'an answer that names another issuer, repeats a parameter or brings a foreign code signs nobody in [A-LN-07]',
    async (t) => {
      for (const change of [
        (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
        (url: URL) => url.searchParams.delete('iss'),
        (url: URL) => url.searchParams.append('code', 'another'),
        (url: URL) => url.searchParams.set('code', 'not-a-code'),
      ]) {
        const visitor = new Visitor(house)
        const back = new URL(
          await new Elsewhere().signIn(await departureOf(visitor, (await visitor.get('/sign-in')).body), 'tomas'),
        )
        change(back)
        const page = await visitor.get(`${back.pathname}${back.search}`)
        t.equal(page.statusCode, 400)
        t.match(page.body, 'did not prove who you are')
        t.equal((await visitor.get('/')).statusCode, 303)
      }
      // The code of one sign-in, brought with the state of another: PKCE and nonce belong to the state.
      const [one, two] = [new Visitor(house), new Visitor(house)]
      const start = async (visitor: Visitor) =>
        new URL(await new Elsewhere().signIn(await departureOf(visitor, (await visitor.get('/sign-in')).body), 'tomas'))
      const [first, second] = [await start(one), await start(two)]
      second.searchParams.set('code', first.searchParams.get('code') ?? '')
      t.equal((await two.get(`${second.pathname}${second.search}`)).statusCode, 400)
    },
  )

  await t.test('who goes away there is told so here, and the request still waits', async (t) => {
    const { client_id: client } = await registerClient(house)
    const visitor = new Visitor(house)
    const page = await signInElsewhere(visitor, 'nobody-there', {
      page: (await visitor.get(authorizeUrl(client, newVerifier()))).body,
    })
    t.equal(page.statusCode, 403)
    t.match(page.body, 'You were not signed in there')
    t.match(page.body, 'Test client')
    const consent = await visitor.submit(page, { email: 'member@acme.test', password: PASSWORD })
    t.match(consent.body, 'name="decision"')
  })

  await t.test('while the provider is away a page says so, and passwords go on', async (t) => {
    upstream.down = true
    house.clock.forward(11 * 60_000)
    const visitor = new Visitor(house)
    const page = await visitor.get('/sign-in')
    const { hidden } = formOf(page.body)
    const answer = await visitor.post('/sign-in/corp', hidden)
    t.equal(answer.statusCode, 503)
    t.match(answer.body, 'cannot be reached')
    t.match((await visitor.submit(answer, { email: 'member@acme.test', password: PASSWORD })).body, 'Mei Tanaka')
    upstream.down = false
    t.match((await signInElsewhere(new Visitor(house), 'tomas')).body, 'Tomás', 'and is asked again at once')
  })

  await t.test('what the provider says of itself is read once for many sign-ins', async (t) => {
    const before = [upstream.count('/.well-known/openid-configuration'), upstream.count('/jwks')]
    for (let count = 0; count < 3; count += 1) await signInElsewhere(new Visitor(house), 'tomas')
    t.same([upstream.count('/.well-known/openid-configuration'), upstream.count('/jwks')], before)
  })

  await t.test('a deactivated person is signed in nowhere, neither here nor from elsewhere', async (t) => {
    const visitor = new Visitor(house)
    await signInElsewhere(visitor, 'tomas')
    const { people } = await operate(house, ADMIN, 'GET', '/people?email=owner@globex.test')
    await operate(house, ADMIN, 'PATCH', `/people/${people[0].id}`, { status: 'deactivated' })
    t.equal((await visitor.get('/')).headers.location, '/sign-in')
    t.match((await signInElsewhere(new Visitor(house), 'tomas')).body, 'This account cannot be used')
    t.match((await new Visitor(house).signIn('owner@globex.test')).body, 'Email or password is wrong.')
    await operate(house, ADMIN, 'PATCH', `/people/${people[0].id}`, { status: 'active' })
    t.match((await signInElsewhere(new Visitor(house), 'tomas')).body, 'Tomás')
  })

  await t.test('the form of the button is one of ours [A-LN-02]', async (t) => {
    const visitor = new Visitor(house)
    await visitor.get('/sign-in')
    t.equal((await visitor.post('/sign-in/corp', { csrf: 'x' })).statusCode, 403)
    const { hidden } = formOf((await visitor.get('/sign-in')).body)
    t.equal((await visitor.post('/sign-in/corp', hidden, { 'sec-fetch-site': 'cross-site' })).statusCode, 403)
    t.equal((await visitor.post('/sign-in/nobody', hidden)).statusCode, 404)
    t.equal((await visitor.post('/sign-in/corp', { ...hidden, transaction: 'x' })).statusCode, 400)
  })
})

const formCsrf = (html: string): string => /name="csrf" value="([^"]+)"/.exec(html)?.[1] ?? ''
