import { sql } from '@gatehouse/database'
import { decodeJwt, SignJWT } from 'jose'
import { test } from 'tap'
import {
  authorize,
  exchangeForm,
  formOf,
  newVerifier,
  ORIGIN,
  openHouse,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'
import { judgeLogout, type LogoutAsked } from './judge-logout.ts'

const BACK = 'https://client.example/signed-out?kept=1'

test('what a logout request leads to, case by case', async (t) => {
  const proves = { clientId: 'cli_1', personId: 'per_1' }
  const base: LogoutAsked = {
    hint: { given: true, proves },
    clientId: undefined,
    redirectUri: BACK,
    registered: [BACK],
    personId: 'per_1',
  }
  const none = { given: false, proves: undefined }
  for (const [what, change, verdict] of [
    ['a hint that fits', {}, { kind: 'sign-out', redirectUri: BACK }],
    ['and its client', { clientId: 'cli_1' }, { kind: 'sign-out', redirectUri: BACK }],
    ['nowhere to go', { redirectUri: undefined }, { kind: 'sign-out', redirectUri: undefined }],
    ['nobody is signed in any more', { personId: undefined }, { kind: 'sign-out', redirectUri: BACK }],
    ['somebody else is signed in', { personId: 'per_2' }, { kind: 'ask', redirectUri: BACK }],
    ['an address that is not registered', { redirectUri: `${BACK}&more` }, { kind: 'refuse' }],
    ['a client that is gone', { registered: undefined }, { kind: 'refuse' }],
    ['a hint for another client', { clientId: 'cli_2' }, { kind: 'ask', redirectUri: undefined }],
    [
      'a hint that proves nothing',
      { hint: { given: true, proves: undefined } },
      { kind: 'ask', redirectUri: undefined },
    ],
    [
      'a hint that proves nothing, with a client',
      { hint: { given: true, proves: undefined }, clientId: 'cli_1' },
      { kind: 'ask', redirectUri: undefined },
    ],
    ['no hint', { hint: none, registered: undefined }, { kind: 'ask', redirectUri: undefined }],
    ['no hint, a client', { hint: none, clientId: 'cli_1' }, { kind: 'ask', redirectUri: BACK }],
    ['no hint, a client, a foreign address', { hint: none, clientId: 'cli_1', registered: [] }, { kind: 'refuse' }],
    ['no hint, nobody', { hint: none, personId: undefined }, { kind: 'done', redirectUri: undefined }],
  ] as const) {
    t.same(judgeLogout({ ...base, ...change }), verdict, what)
  }
})

test('logout that a client asks for', async (t) => {
  const house = await openHouse(t)
  const { client_id: client } = await registerClient(house, { post_logout_redirect_uris: [BACK] })
  const signIn = async (visitor: Visitor) => {
    const verifier = newVerifier()
    const code = (await authorize(house, client, verifier, { scope: 'openid mcp:read' }, visitor)).get('code') ?? ''
    return (await token(house, exchangeForm(client, code, verifier))).json()
  }
  const url = (query: Record<string, string>) => `/oauth/logout?${new URLSearchParams(query)}`
  const gone = async (visitor: Visitor) => (await visitor.get('/')).statusCode === 303

  await t.test('the endpoint stands in the metadata, and the addresses in the registration', async (t) => {
    const metadata = (await house.server.inject({ url: '/.well-known/openid-configuration' })).json()
    t.equal(metadata.end_session_endpoint, `${ORIGIN}/oauth/logout`)
    const registered = await registerClient(house, { post_logout_redirect_uris: [BACK] })
    t.same(registered.post_logout_redirect_uris, [BACK])
    await t.rejects(
      registerClient(house, { post_logout_redirect_uris: ['javascript:alert(1)'] }),
      /invalid_client_metadata/,
    )
  })

  await t.test(
    'a hint of ours ends the session and leads to the registered address with the state, even an old hint [A-LN-03]',
    async (t) => {
      const visitor = new Visitor(house)
      const tokens = await signIn(visitor)
      const cookie = visitor.cookie
      house.clock.forward(3 * 3_600_000)
      const query = { id_token_hint: tokens.id_token, post_logout_redirect_uri: BACK, state: 'a b+c' }
      const answer = await visitor.get(url(query))
      t.equal(answer.statusCode, 303)
      t.equal(answer.headers.location, `${BACK}&state=a+b%2Bc`)
      t.not(visitor.cookie, cookie)
      t.ok(await gone(visitor))
      const again = new Visitor(house)
      again.cookie = cookie
      t.ok(await gone(again), 'the old cookie is worth nothing')
      const refresh = { grant_type: 'refresh_token', client_id: client, refresh_token: tokens.refresh_token }
      t.equal((await token(house, refresh)).statusCode, 200, 'what was allowed stays')
    },
  )

  await t.test(
    'a form of the client does the same: it comes without our cookie, and the link that follows with it',
    async (t) => {
      const visitor = new Visitor(house)
      const { id_token } = await signIn(visitor)
      const cookie = visitor.cookie
      visitor.cookie = undefined
      const sent = await visitor.post(
        '/oauth/logout',
        { id_token_hint: id_token, post_logout_redirect_uri: BACK },
        { origin: 'https://client.example', 'sec-fetch-site': 'cross-site' },
      )
      t.equal(sent.statusCode, 303)
      const link = String(sent.headers.location)
      t.notOk(link.includes(id_token), 'what was posted stands in no address')
      visitor.cookie = cookie
      t.equal((await visitor.get(link.replace('posted=', 'posted=x'))).statusCode, 400, 'changed')
      house.clock.forward(60_000)
      t.equal((await visitor.get(link)).statusCode, 400, 'for a minute')
      house.clock.forward(-60_000)
      t.equal((await visitor.follow(sent)).headers.location, BACK)
      t.ok(await gone(visitor))
    },
  )

  await t.test(
    'without a hint the person is asked, by a form that is ours; then the way back is offered, not taken [A-LN-02]',
    async (t) => {
      const visitor = new Visitor(house)
      await visitor.signIn()
      const page = await visitor.get(url({ client_id: client, post_logout_redirect_uri: BACK, state: 's' }))
      t.equal(page.statusCode, 200)
      t.match(page.body, 'Sign out?')
      t.match(page.body, 'Test client')
      t.match(page.headers['content-security-policy'], "frame-ancestors 'none'", '[A-LN-01]')
      t.notOk(await gone(visitor))
      const { action, hidden } = formOf(page.body)
      t.equal((await visitor.post(action, { ...hidden, decision: 'sign-out', csrf: 'x' })).statusCode, 403)
      t.equal((await visitor.post(action, { ...hidden, decision: 'stay' })).headers.location, '/')
      t.notOk(await gone(visitor))
      const done = await visitor.post(action, { ...hidden, decision: 'sign-out' })
      t.match(done.body, 'You are signed out')
      t.match(done.body, `${BACK}&state=s`.replaceAll('&', '&#38;').replaceAll('=', '&#61;'))
      t.ok(await gone(visitor))
    },
  )

  await t.test('what does not fit signs nobody out by itself and leads nowhere', async (t) => {
    const visitor = new Visitor(house)
    const { id_token, access_token } = await signIn(visitor)
    const other = await registerClient(house, { post_logout_redirect_uris: ['https://other.example/'] })
    const forged = await new SignJWT(decodeJwt(id_token))
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('x'.repeat(32)))
    const to = { post_logout_redirect_uri: BACK }
    for (const [what, query] of [
      ['an access token', { id_token_hint: access_token, ...to }],
      ['a changed hint', { id_token_hint: `${id_token.slice(0, -6)}AAAAAA`, ...to }],
      ['a hint that we did not sign', { id_token_hint: forged, ...to }],
      ['garbage', { id_token_hint: 'x', ...to }],
      ['a hint for another client', { id_token_hint: id_token, client_id: other.client_id, ...to }],
    ] as const) {
      const page = await visitor.get(url(query))
      t.match(page.body, 'Sign out?', what)
      t.notOk(await gone(visitor), what)
      const done = await visitor.submit(page, { decision: 'stay' })
      t.equal(done.statusCode, 200, what)
    }
    for (const [what, query] of [
      ['another address', { id_token_hint: id_token, post_logout_redirect_uri: `${BACK}#x` }],
      ['a longer one', { id_token_hint: id_token, post_logout_redirect_uri: `${BACK}0` }],
      ['the callback', { id_token_hint: id_token, post_logout_redirect_uri: 'https://client.example/callback' }],
      ['without a hint', { client_id: client, post_logout_redirect_uri: 'https://evil.example/' }],
    ] as const) {
      const page = await visitor.get(url(query))
      t.equal(page.statusCode, 400, what)
      t.match(page.body, 'You cannot be sent back there', what)
      t.equal(page.headers.location, undefined)
      t.notOk(await gone(visitor), what)
    }
    t.equal((await visitor.get(`${url({ id_token_hint: id_token })}&state=1&state=2`)).statusCode, 400)
    const somebodyElse = new Visitor(house)
    await somebodyElse.signIn('viewer@acme.test')
    t.match((await somebodyElse.get(url({ id_token_hint: id_token, ...to }))).body, 'Victor Lindqvist')
    t.notOk(await gone(somebodyElse))
  })

  await t.test(
    'without a session and without proof nothing is redirected to: a registration is free to get',
    async (t) => {
      const answer = await new Visitor(house).get(url({ client_id: client, post_logout_redirect_uri: BACK }))
      t.equal(answer.statusCode, 200)
      t.match(answer.body, 'You are signed out')
      t.equal(answer.headers.refresh, undefined)
    },
  )

  const { count } = await house.db.asPlatform('test', (tx) =>
    tx.one<{ count: number }>(sql`select count(*)::integer as count from auth.sessions where person_id like 'per_%'`),
  )
  t.ok(count > 0, 'other sessions live on')
})
