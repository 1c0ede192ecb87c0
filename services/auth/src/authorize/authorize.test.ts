import { sql } from '@gatehouse/database'
import { test } from 'tap'
import {
  authorize,
  authorizeUrl,
  CALLBACK,
  exchangeForm,
  formOf,
  MCP,
  newVerifier,
  ORIGIN,
  openHouse,
  PASSWORD,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const LOOPBACK = 'http://127.0.0.1:33418/callback'

test('the authorization endpoint', async (t) => {
  const house = await openHouse(t)
  const { client_id: client } = await registerClient(house)
  const verifier = newVerifier()
  const visitor = new Visitor(house)
  const redirected = async (changes: Record<string, string | undefined>, extra = '') => {
    const answer = await visitor.get(authorizeUrl(client, verifier, changes) + extra)
    t.equal(answer.statusCode, 303)
    const location = String(answer.headers.location)
    t.ok(location.startsWith(`${CALLBACK}?`), location)
    return Object.fromEntries(new URL(location).searchParams)
  }

  await t.test(
    '400 page, and no redirect, until client and redirect are proven [A-RU-08, A-AZ-07, A-OP-05]',
    async (t) => {
      const cases: readonly (readonly [string, string])[] = [
        ['no client', authorizeUrl('', verifier)],
        ['unknown client', authorizeUrl('cli_unknown', verifier)],
        ['markup as a client', authorizeUrl('<script>alert(1)</script>', verifier)],
        ['a NUL in the client', `${authorizeUrl('x', verifier)}%00`],
        ['a NUL in the state', authorizeUrl(client, verifier, { state: 'a\0b' })],
        ['client twice', `${authorizeUrl(client, verifier)}&client_id=${client}`],
        ['redirect not registered', authorizeUrl(client, verifier, { redirect_uri: `${CALLBACK}/` })],
        ['redirect twice', `${authorizeUrl(client, verifier)}&redirect_uri=${encodeURIComponent(CALLBACK)}`],
      ]
      for (const [name, url] of cases) {
        const answer = await new Visitor(house).get(url)
        t.equal(answer.statusCode, 400, name)
        t.match(answer.headers['content-type'], 'text/html')
        t.equal(answer.headers.location, undefined, name)
        t.notMatch(answer.body, '<script')
      }
    },
  )

  await t.test(
    'errors at the redirect carry error, state and iss [A-AR-02, A-AR-05, A-AZ-10, A-OP-06, CF-7]',
    async (t) => {
      t.match(await redirected({ prompt: 'none' }), { error: 'login_required', iss: ORIGIN }, 'nobody is signed in')
      await visitor.signIn()
      const cases: readonly (readonly [Record<string, string | undefined>, string])[] = [
        [{ response_type: undefined }, 'invalid_request'],
        [{ response_type: 'token' }, 'unsupported_response_type'],
        [{ response_type: 'code id_token' }, 'unsupported_response_type'],
        [{ response_mode: 'fragment' }, 'invalid_request'],
        [{ response_mode: 'web_message' }, 'invalid_request'],
        [{ code_challenge: undefined }, 'invalid_request'],
        [{ code_challenge: 'a'.repeat(42) }, 'invalid_request'],
        [{ code_challenge_method: undefined }, 'invalid_request'],
        [{ code_challenge_method: 'plain' }, 'invalid_request'],
        [{ scope: 'unknown' }, 'invalid_scope'],
        [{ scope: 'mcp:read  mcp:write' }, 'invalid_scope'],
        [{ resource: 'foo' }, 'invalid_target'],
        [{ resource: `${MCP}#x` }, 'invalid_target'],
        [{ resource: 'https://elsewhere.example/mcp' }, 'invalid_target'],
        [{ prompt: 'surprise' }, 'invalid_request'],
        [{ prompt: 'none login' }, 'invalid_request'],
        [{ prompt: 'none' }, 'consent_required'],
        [{ prompt: 'none', max_age: '0' }, 'login_required'],
        [{ request: 'eyJ' }, 'request_not_supported'],
        [{ request_uri: 'https://client.example/request' }, 'request_uri_not_supported'],
      ]
      for (const [changes, error] of cases) {
        t.match(await redirected(changes), { error, state: 'state 1+2%', iss: ORIGIN }, JSON.stringify(changes))
      }
      t.match(
        await redirected({}, '&scope=mcp:read&scope=mcp:write'),
        { error: 'invalid_request' },
        'a parameter twice',
      )
      t.notOk('state' in (await redirected({ scope: 'unknown', state: undefined })))
      const setGrants = (grants: string | null) =>
        house.db.asPlatform('test', (tx) =>
          tx.run(sql`update auth.clients set grant_types = ${grants}::text[] where id = ${client}`),
        )
      await setGrants('{refresh_token}')
      t.match(await redirected({}), { error: 'unauthorized_client', state: 'state 1+2%', iss: ORIGIN })
      await setGrants('{authorization_code,refresh_token}')
    },
  )

  await t.test(
    'who is not signed in is not sent on by a request of a client that made itself, and is told why [A-RU-09, A-RU-08]',
    async (t) => {
      const wrong = [{ scope: 'unknown' }, { response_type: 'token' }, { resource: 'https://evil.example' }]
      for (const changes of wrong) {
        const answer = await new Visitor(house).get(authorizeUrl(client, verifier, changes))
        t.equal(answer.statusCode, 400)
        t.equal(answer.headers.location, undefined)
        t.notOk('refresh' in answer.headers)
        t.match(answer.body, 'Test client sent a request that is refused')
        t.match(answer.body, 'href="https://client.example/callback?error', 'the person may go on')
      }
      await house.db.asPlatform('test', (tx) =>
        tx.run(sql`update auth.clients set kind = 'registered' where id = ${client}`),
      )
      const known = await new Visitor(house).get(authorizeUrl(client, verifier, { scope: 'unknown' }))
      t.match(known.headers.location, /error=invalid_scope/, 'a client that the operator registered is trusted')
      await house.db.asPlatform('test', (tx) =>
        tx.run(sql`update auth.clients set kind = 'dynamic' where id = ${client}`),
      )
    },
  )

  await t.test(
    'a request may come by POST; repeats are refused there too, and unknown parameters are ignored [A-AZ-01, A-TP-06]',
    async (t) => {
      const person = new Visitor(house)
      await person.signIn()
      const url = new URL(
        authorizeUrl(client, verifier, { display: 'popup', ui_locales: 'de', acr_values: '1' }),
        ORIGIN,
      )
      const form = Object.fromEntries(url.searchParams)
      const page = await person.follow(await person.post('/oauth/authorize', form, { origin: CALLBACK }))
      t.match(page.body, 'name="decision"')
      const payload = `${url.searchParams}&scope=mcp:read&scope=mcp:write`
      const headers = { 'content-type': 'application/x-www-form-urlencoded' }
      const twice = await house.server.inject({ method: 'POST', url: '/oauth/authorize', payload, headers })
      t.equal(twice.statusCode, 303)
      t.match((await person.follow(twice)).headers.location, /error=invalid_request/)
    },
  )

  await t.test(
    'more of the same resource: the page tells both, and the grant holds both; less is less [A-SC-05, A-CN-04, A-CN-01]',
    async (t) => {
      const person = new Visitor(house)
      await person.signIn('admin@globex.test')
      const { client_id: stepping } = await registerClient(house)
      const scopeOf = async (scope: string): Promise<string> => {
        const code = (await authorize(house, stepping, verifier, { scope }, person)).get('code') ?? ''
        return (await token(house, exchangeForm(stepping, code, verifier))).json().scope
      }
      t.equal(await scopeOf('mcp:read'), 'mcp:read')
      const page = await person.get(authorizeUrl(stepping, verifier, { scope: 'mcp:write' }))
      t.match(page.body, /It asks for more[\s\S]*mcp:write[\s\S]*What you allowed before[\s\S]*mcp:read/)
      t.equal(await scopeOf('mcp:write'), 'mcp:write mcp:read')
      t.equal(await scopeOf('mcp:read'), 'mcp:read', 'all is allowed, and this is what was asked for')
      t.equal(await scopeOf('mcp:read openid'), 'mcp:read openid', 'who the person is, is no more of the resource')
    },
  )

  await t.test(
    'a client that has changed since is allowed nothing, and gets nothing back by being allowed again [A-CI-18, A-CN-04]',
    async (t) => {
      const person = new Visitor(house)
      await person.signIn('admin@acme.test')
      const { client_id: changing } = await registerClient(house)
      t.ok((await authorize(house, changing, verifier, {}, person)).get('code'))
      await house.db.asPlatform('test', (tx) =>
        tx.run(sql`update auth.clients set changed_at = now() + interval '1 second' where id = ${changing}`),
      )
      house.clock.forward(2_000)
      const page = await person.get(authorizeUrl(changing, verifier, { scope: 'mcp:read' }))
      t.match(page.body, 'name="decision"')
      t.notMatch(page.body, 'What you allowed before')
      await person.submit(page, { decision: 'approve' })
      t.match((await person.get(authorizeUrl(changing, verifier))).body, /It asks for more[\s\S]*mcp:write/)
    },
  )

  await t.test(
    'pages forbid framing, scripts and foreign forms but the callback; no CORS [A-LN-01, A-AZ-02, A-CO-01, S-SB-02, CF-11]',
    async (t) => {
      const page = await visitor.get(authorizeUrl(client, verifier))
      t.match(page.headers['content-security-policy'], "frame-ancestors 'none'")
      t.match(page.headers['content-security-policy'], "form-action 'self' https://client.example;")
      t.match(page.headers, { 'x-frame-options': 'DENY', 'cache-control': 'no-store' })
      for (const shown of ['Test client', 'client.example', 'name="csrf"']) t.match(page.body, shown)
      t.match(page.headers['set-cookie'] ?? visitor.cookie, /__Host-gatehouse=/)
      t.notOk('access-control-allow-origin' in page.headers)
      const preflight = await house.server.inject({
        method: 'OPTIONS',
        url: '/oauth/authorize',
        headers: { origin: 'https://x.example' },
      })
      t.equal(preflight.statusCode, 405)
      t.notOk('access-control-allow-origin' in preflight.headers)
    },
  )

  await t.test(
    'the code comes once with state and iss; a proven client with consent gets it unasked; staying connected is asked for [A-AR-01, A-AR-06, A-PK-06, A-CN-04, A-OI-04]',
    async (t) => {
      const person = new Visitor(house)
      const first = await authorize(house, client, verifier, {}, person)
      t.same([...first.keys()].sort(), ['code', 'iss', 'state'])
      t.equal(first.get('state'), 'state 1+2%')
      const second = await person.get(authorizeUrl(client, verifier))
      t.match(second.headers.location, /[?&]code=/)
      t.match(second.headers, { 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
      const silent = await person.get(authorizeUrl(client, verifier, { prompt: 'none' }))
      t.match(silent.headers.location, /[?&]code=/, 'prompt=none too [A-OI-03]')
      const again = await person.get(authorizeUrl(client, verifier, { prompt: 'consent' }))
      t.match(again.body, 'name="decision"', 'prompt=consent shows the page')
      const login = await person.get(authorizeUrl(client, verifier, { prompt: 'login' }))
      t.match(login.body, 'name="password"', 'prompt=login shows the form')
      const choice = await person.get(authorizeUrl(client, verifier, { prompt: 'select_account' }))
      t.match(choice.body, 'name="password"', 'and so does prompt=select_account')
      const more = await person.get(authorizeUrl(client, verifier, { scope: 'mcp:read mcp:write email openid' }))
      t.match(more.body, 'name="decision"', 'more scopes ask again')
      t.match(more.body, 'See your email address')
      const stay = await person.get(authorizeUrl(client, verifier, { scope: 'mcp:read offline_access' }))
      t.match(stay.body, /name="decision"[\s\S]*Stay connected|Stay connected[\s\S]*name="decision"/)
      const none = await person.get(authorizeUrl(client, verifier, { prompt: 'none', scope: 'openid' }))
      t.match(none.headers.location, 'error=consent_required')
    },
  )

  await t.test(
    'a public client on a loopback redirect always sees the page, at whatever port [A-CN-03, A-RU-02, A-CN-02]',
    async (t) => {
      const { client_id } = await registerClient(house, { redirect_uris: ['http://127.0.0.1/callback'] })
      const person = new Visitor(house)
      const changes = { redirect_uri: LOOPBACK }
      t.ok((await authorize(house, client_id, verifier, changes, person)).get('code'))
      const page = await person.get(authorizeUrl(client_id, verifier, changes))
      t.match(page.body, 'name="decision"')
      t.match(page.body, '127.0.0.1:33418')
      t.match(page.body, 'Access goes to this computer')
      t.match(
        (await person.get(authorizeUrl(client_id, verifier, { ...changes, prompt: 'none' }))).headers.location,
        'consent_required',
      )
    },
  )

  await t.test('who denies sends access_denied, and the page is used up [A-CN-05]', async (t) => {
    const person = new Visitor(house)
    await person.signIn('viewer@acme.test')
    const page = await person.get(authorizeUrl(client, verifier))
    const { hidden } = formOf(page.body)
    const denied = await person.post('/oauth/authorize', { ...hidden, decision: 'deny' })
    t.equal(denied.statusCode, 303)
    t.match(denied.headers.location, /error=access_denied.*iss=/)
    const twice = await person.post('/oauth/authorize', { ...hidden, decision: 'approve' })
    t.equal(twice.statusCode, 400)
    t.match(twice.body, 'Start again from the client')
  })

  await t.test(
    '403 or 400 for a decision that the page did not send, and no code [A-LN-02, A-AZ-08, Z10, S-SB-03]',
    async (t) => {
      const person = new Visitor(house)
      await person.signIn('viewer@acme.test')
      const page = await person.get(authorizeUrl(client, verifier))
      const { hidden } = formOf(page.body)
      const form = { ...hidden, decision: 'approve' }
      t.equal((await person.post('/oauth/authorize', { ...form, csrf: 'x' })).statusCode, 403)
      t.equal((await person.post('/oauth/authorize', form, { 'sec-fetch-site': 'cross-site' })).statusCode, 403)
      t.equal((await person.post('/oauth/authorize', form, { origin: 'https://evil.example' })).statusCode, 403)
      const stranger = new Visitor(house)
      await stranger.signIn('owner@globex.test')
      const { hidden: theirs } = formOf((await stranger.get(authorizeUrl(client, verifier))).body)
      const swapped = await stranger.post('/oauth/authorize', {
        ...theirs,
        ...{ transaction: hidden.transaction ?? '' },
        decision: 'approve',
      })
      t.equal(swapped.statusCode, 400, 'the request of another browser')
      t.equal((await person.post('/oauth/authorize', { ...hidden, decision: 'perhaps' })).statusCode, 400)
      house.clock.forward(16 * 60_000)
      const late = await person.post('/oauth/authorize', form)
      t.equal(late.statusCode, 400)
      t.match(late.body, 'Start again from the client')
    },
  )

  await t.test(
    'the link between our form and the client opens in its own browser only, and for a minute',
    async (t) => {
      const person = new Visitor(house)
      await person.signIn('viewer@acme.test')
      const { hidden } = formOf((await person.get(authorizeUrl(client, verifier))).body)
      const left = await person.post(
        '/oauth/authorize',
        { ...hidden, decision: 'approve' },
        { 'sec-fetch-mode': 'navigate' },
      )
      const link = left.headers.location ?? ''
      t.match(link, /^\/oauth\/return\?to=/)
      t.notMatch(link, 'code=')
      const stranger = new Visitor(house)
      t.equal((await stranger.get(link)).statusCode, 400, 'no cookie')
      await stranger.signIn('viewer@acme.test')
      const taken = await stranger.get(link)
      t.equal(taken.statusCode, 400, 'another browser of the same person')
      t.notMatch(taken.body, 'code=')
      const { cookie } = person
      t.match((await person.get(link)).headers.refresh, /url=https:\/\/client\.example\/callback\?code=/)
      person.cookie = cookie
      house.clock.forward(60_000)
      t.equal((await person.get(link)).statusCode, 400, 'as old as its code may be')
    },
  )

  await t.test(
    'what is approved is what the page showed: another organisation is shown anew [A-CN-04, Z10]',
    async (t) => {
      const person = new Visitor(house)
      await person.signIn('consultant@example.test')
      const page = await person.get(authorizeUrl(client, verifier))
      t.match(page.body, 'Acme Industries')
      await house.db.asPlatform('test', (tx) =>
        tx.run(sql`
        update auth.people set tenant_id = (select id from auth.tenants where slug = 'globex')
        where email = 'consultant@example.test'`),
      )
      const anew = await person.submit(page, { decision: 'approve' })
      t.equal(anew.statusCode, 200)
      t.match(anew.body, 'Globex Corporation')
      const approved = await person.submit(anew, { decision: 'approve' })
      t.match(approved.headers.location, /[?&]code=/)
    },
  )

  await t.test('resource in any equal spelling yields the registered audience [A-RI-07, A-AT-05]', async (t) => {
    for (const resource of [MCP, `${MCP}/`, ORIGIN, `${ORIGIN}/`, 'HTTPS://ALIGN.EXAMPLE:443/mcp']) {
      const code = (await authorize(house, client, verifier, { resource })).get('code') ?? ''
      const answer = await token(house, { ...exchangeForm(client, code, verifier), resource })
      t.equal(answer.statusCode, 200, resource)
      const payload = JSON.parse(Buffer.from(answer.json().access_token.split('.')[1], 'base64url').toString())
      t.equal(payload.aud, MCP)
    }
  })

  await t.test('the password is never asked again for a sign-in that is fresh enough for max_age', async (t) => {
    const person = new Visitor(house)
    await person.signIn('member@acme.test', PASSWORD)
    t.match((await person.get(authorizeUrl(client, verifier, { max_age: '60' }))).headers.location, 'code=')
    house.clock.forward(61_000)
    t.match((await person.get(authorizeUrl(client, verifier, { max_age: '60' }))).body, 'name="password"')
    const fresh = new Visitor(house)
    await fresh.signIn('member@acme.test', PASSWORD)
    t.match((await fresh.get(authorizeUrl(client, verifier, { max_age: '0' }))).body, 'name="password"', 'always for 0')
  })
})
