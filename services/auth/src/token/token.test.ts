import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { ident, sql } from '@gatehouse/database'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { test } from 'tap'
import {
  authorize,
  connect,
  exchangeForm,
  newVerifier,
  ORIGIN,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
} from '../testing/house.ts'

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
})

test('the token endpoint', async (t) => {
  const house = await openHouse(t, { profile: { refreshRetrySeconds: 120 } })
  const { client_id: client } = await registerClient(house)
  const secretive = await registerClient(house, { token_endpoint_auth_method: undefined })
  const secret = secretive.client_secret ?? ''
  const verifier = newVerifier()
  const newCode = async (id = client, changes = {}) => (await authorize(house, id, verifier, changes)).get('code') ?? ''

  await t.test(
    '200: no-store, Bearer, the scope, a number of seconds [A-TR-01, A-TR-02, A-TR-03, A-TR-04, CF-13]',
    async (t) => {
      const answer = await token(house, exchangeForm(client, await newCode(), verifier))
      t.equal(answer.statusCode, 200)
      t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache', 'content-type': /^application\/json/ })
      t.match(answer.json(), {
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'mcp:read mcp:write',
        refresh_token: String,
      })
      t.equal(answer.headers['access-control-allow-origin'], '*')
      t.notOk('id_token' in answer.json())
    },
  )

  await t.test('200: a secret by Basic or in the body, redirect_uri left out [A-TE-04, A-AC-05]', async (t) => {
    const {
      redirect_uri: _left,
      client_id: _out,
      ...form
    } = exchangeForm('', await newCode(secretive.client_id), verifier)
    const first = await token(house, form, basic(secretive.client_id, secret))
    t.equal(first.statusCode, 200)
    const refresh = { ...refreshForm(secretive.client_id, first.json().refresh_token), client_secret: secret }
    t.equal((await token(house, refresh)).statusCode, 200)
  })

  await t.test(
    '200: openid brings an ID token with the nonce, offline_access is named and does not travel [A-OI-01, A-OI-05, A-SC-07, CF-3]',
    async (t) => {
      const asked = { scope: 'openid email mcp:read offline_access', nonce: 'n-1' }
      const answer = await token(house, exchangeForm(client, await newCode(client, asked), verifier))
      t.equal(answer.json().scope, 'openid email mcp:read offline_access')
      const keys = createLocalJWKSet((await house.auth.jwks()) as Parameters<typeof createLocalJWKSet>[0])
      const id = await jwtVerify(answer.json().id_token, keys, {
        issuer: ORIGIN,
        audience: client,
        algorithms: ['RS256'],
      })
      t.match(id.payload, { nonce: 'n-1', email: 'member@acme.test', auth_time: Number })
      t.notOk('name' in id.payload, 'profile was not asked for')
      t.equal(id.protectedHeader.typ, 'JWT')
      const access = await jwtVerify(answer.json().access_token, keys, { algorithms: ['ES256'] })
      t.equal(access.payload.scope, 'openid email mcp:read')
      const refreshed = await token(house, { ...refreshForm(client, answer.json().refresh_token), scope: asked.scope })
      t.equal(refreshed.statusCode, 200)
      const userinfo = (bearer: string) =>
        house.server.inject({ url: '/oauth/userinfo', headers: { authorization: `Bearer ${bearer}` } })
      t.match(
        (await userinfo(answer.json().access_token)).json(),
        { sub: id.payload.sub, email: 'member@acme.test' },
        '[A-OI-02]',
      )
      t.equal((await userinfo(answer.json().id_token)).statusCode, 401, 'an ID token is no access token')
      const plain = await connect(house)
      t.equal((await userinfo(plain.access_token)).statusCode, 403)
    },
  )

  await t.test('200: a narrower refresh, and the next one has all again [A-RF-07]', async (t) => {
    const tokens = await connect(house)
    const narrow = await token(house, { ...refreshForm(tokens.client, tokens.refresh_token), scope: 'mcp:read' })
    t.equal(narrow.json().scope, 'mcp:read')
    const full = await token(house, refreshForm(tokens.client, narrow.json().refresh_token))
    t.equal(full.json().scope, 'mcp:read mcp:write')
  })

  await t.test(
    '200: an ancestor inside its window gets the newest token, also over several generations [A-RF-03, CF-19]',
    async (t) => {
      const tokens = await connect(house)
      let newest = tokens.refresh_token
      const chain = [newest]
      for (let generation = 0; generation < 3; generation += 1) {
        newest = (await token(house, refreshForm(tokens.client, newest))).json().refresh_token
        chain.push(newest)
      }
      t.equal(new Set(chain).size, 4)
      for (const ancestor of chain.slice(0, 3)) {
        t.equal((await token(house, refreshForm(tokens.client, ancestor))).json().refresh_token, newest)
      }
      t.equal((await token(house, refreshForm(tokens.client, newest))).statusCode, 200)
    },
  )

  await t.test(
    '400 invalid_grant: what fails a check leaves the code to its owner [A-AC-02, A-AC-04, A-PK-04, A-RI-03]',
    async (t) => {
      const code = await newCode()
      const good = exchangeForm(client, code, verifier)
      const cases: readonly (readonly [Record<string, string>, string])[] = [
        [{ ...good, code_verifier: newVerifier() }, 'invalid_grant'],
        [{ ...good, code_verifier: 'short' }, 'invalid_request'],
        [{ ...good, redirect_uri: 'https://client.example/other' }, 'invalid_grant'],
        [{ ...good, client_id: secretive.client_id, client_secret: secret }, 'invalid_grant'],
        [{ ...good, code: `${code}x` }, 'invalid_grant'],
        [{ ...good, resource: 'https://elsewhere.example' }, 'invalid_target'],
        [{ ...good, resource: 'not-a-uri' }, 'invalid_target'],
        [{ ...good, code: '' }, 'invalid_request'],
      ]
      for (const [form, error] of cases) {
        const answer = await token(house, form)
        t.equal(answer.statusCode, 400)
        t.match(answer.json(), { error, request_id: String }, JSON.stringify(form))
        t.equal(answer.headers['cache-control'], 'no-store')
      }
      t.equal((await token(house, good)).statusCode, 200)
    },
  )

  await t.test(
    '400 invalid_grant: a code expires after a minute, and its replay after that still revokes [A-AC-01, A-AC-03]',
    async (t) => {
      const unused = await newCode()
      const used = await newCode()
      const tokens = (await token(house, exchangeForm(client, used, verifier))).json()
      house.clock.forward(61_000)
      t.match((await token(house, exchangeForm(client, unused, verifier))).json(), { error: 'invalid_grant' })
      t.match((await token(house, exchangeForm(client, used, verifier))).json(), { error: 'invalid_grant' })
      t.match((await token(house, refreshForm(client, tokens.refresh_token))).json(), { error: 'invalid_grant' })
    },
  )

  await t.test(
    '400: reuse outside the window ends the family; a foreign client ends nothing [A-RF-02, A-RF-05, A-RF-08, A-TR-05]',
    async (t) => {
      const tokens = await connect(house)
      const before = (await outboxOf(house.db)).length
      const foreign = await token(house, refreshForm(client, tokens.refresh_token))
      t.match(foreign.json(), { error: 'invalid_grant' })
      const elsewhere = { ...refreshForm(tokens.client, tokens.refresh_token), resource: 'https://elsewhere.example' }
      t.match((await token(house, elsewhere)).json(), { error: 'invalid_target' })
      const wider = { ...refreshForm(tokens.client, tokens.refresh_token), scope: 'mcp:read email' }
      t.match((await token(house, wider)).json(), { error: 'invalid_scope' })
      t.equal((await outboxOf(house.db)).length, before)
      const second = (await token(house, refreshForm(tokens.client, tokens.refresh_token))).json()
      house.clock.forward(121_000)
      t.match((await token(house, refreshForm(tokens.client, tokens.refresh_token))).json(), { error: 'invalid_grant' })
      t.match((await outboxOf(house.db)).at(-1), { event: { data: { kind: 'grant', reason: 'refresh.reused' } } })
      t.match((await token(house, refreshForm(tokens.client, second.refresh_token))).json(), { error: 'invalid_grant' })
    },
  )

  await t.test('400 invalid_grant: a refresh token that was not used for its whole life [A-RF-09]', async (t) => {
    const tokens = await connect(house)
    house.clock.forward(2_592_000_000)
    t.match((await token(house, refreshForm(tokens.client, tokens.refresh_token))).json(), { error: 'invalid_grant' })
  })

  await t.test(
    '400 invalid_grant: a family that was renewed all the time ends in the end [A-RF-09, A-TE-11]',
    async (t) => {
      const tokens = await connect(house)
      let newest = tokens.refresh_token
      for (let month = 0; month < 3; month += 1) {
        house.clock.forward(29 * 86_400_000)
        const answer = await token(house, refreshForm(tokens.client, newest))
        t.equal(answer.statusCode, 200)
        newest = answer.json().refresh_token
      }
      house.clock.forward(3 * 86_400_000)
      t.match((await token(house, refreshForm(tokens.client, newest))).json(), { error: 'invalid_grant' })
    },
  )

  await t.test('reuse ends the family, whatever else the request says [A-RF-02, A-RI-03]', async (t) => {
    const tokens = await connect(house)
    const second = (await token(house, refreshForm(tokens.client, tokens.refresh_token))).json()
    house.clock.forward(121_000)
    const stolen = { ...refreshForm(tokens.client, tokens.refresh_token), resource: 'https://elsewhere.example' }
    t.match((await token(house, stolen)).json(), { error: 'invalid_grant' })
    t.match((await token(house, refreshForm(tokens.client, second.refresh_token))).json(), { error: 'invalid_grant' })
  })

  await t.test(
    'UserInfo: the token in the header or in a form, else a challenge that says what is wrong [A-OI-02, A-OI-05]',
    async (t) => {
      const tokens = await connect(house, { scope: 'openid profile' })
      const ask = (method: 'GET' | 'POST', headers: Record<string, string>, form?: Record<string, string>) =>
        house.server.inject({
          method,
          url: '/oauth/userinfo',
          headers: {
            ...headers,
            ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
          },
          ...(form === undefined ? {} : { payload: new URLSearchParams(form).toString() }),
        })
      const bearer = { authorization: `Bearer ${tokens.access_token}` }
      for (const method of ['GET', 'POST'] as const) t.match((await ask(method, bearer)).json(), { name: 'Mei Tanaka' })
      t.match((await ask('POST', {}, { access_token: tokens.access_token })).json(), { name: 'Mei Tanaka' })
      t.equal((await ask('POST', bearer, { access_token: tokens.access_token })).statusCode, 400, 'twice')
      t.equal((await ask('POST', bearer, {})).statusCode, 200)
      const none = await ask('GET', {})
      t.equal(none.statusCode, 401)
      t.equal(none.headers['www-authenticate'], 'Bearer realm="userinfo"')
      const wrong = await ask('GET', { authorization: 'Bearer x' })
      t.equal(wrong.headers['www-authenticate'], 'Bearer realm="userinfo", error="invalid_token"')
      const narrow = await ask('GET', { authorization: `Bearer ${(await connect(house)).access_token}` })
      t.match(narrow.headers['www-authenticate'], /error="insufficient_scope", scope="openid"/)
    },
  )

  await t.test(
    'offline_access is not named to a client that will not get a refresh token [CF-3, A-TR-06]',
    async (t) => {
      const { client_id } = await registerClient(house, { grant_types: ['authorization_code'] })
      const code = await newCode(client_id, { scope: 'mcp:read offline_access' })
      const answer = (await token(house, exchangeForm(client_id, code, verifier))).json()
      t.equal(answer.scope, 'mcp:read')
      t.notOk('refresh_token' in answer)
    },
  )

  await t.test('429 with Retry-After, and no revocation, for the 65th repeat of one token', async (t) => {
    const tokens = await connect(house)
    const form = refreshForm(tokens.client, tokens.refresh_token)
    for (let repeat = 0; repeat < 65; repeat += 1) t.equal((await token(house, form)).statusCode, 200)
    const answer = await token(house, form)
    t.equal(answer.statusCode, 429)
    t.match(answer.headers, { 'retry-after': /^\d+$/ })
    t.not(answer.json().error, 'invalid_grant')
  })

  await t.test('400: malformed requests and grants that are not offered [A-TP-06, A-TE-03, A-TE-10]', async (t) => {
    const good = exchangeForm(client, 'x', verifier)
    const forms: readonly (readonly [Record<string, string>, string, Record<string, string>?])[] = [
      [{ ...good, grant_type: '' }, 'invalid_request'],
      [{ ...good, grant_type: 'password' }, 'unsupported_grant_type'],
      [{ ...good, grant_type: 'client_credentials' }, 'unsupported_grant_type'],
      [
        { ...good, client_id: secretive.client_id, client_secret: secret },
        'invalid_request',
        basic(secretive.client_id, secret),
      ],
      [{ ...good, client_id: 'a\0b' }, 'invalid_request'],
      [good, 'invalid_request', basic(secretive.client_id, secret)],
    ]
    for (const [form, error, headers] of forms) {
      const answer = await token(house, form, headers)
      t.equal(answer.statusCode, 400)
      t.match(answer.json(), { error })
    }
    const raw = (payload: string, type: string) =>
      house.server.inject({ method: 'POST', url: '/oauth/token', payload, headers: { 'content-type': type } })
    t.match((await raw('grant_type=a&grant_type=b', 'application/x-www-form-urlencoded')).json(), {
      error: 'invalid_request',
    })
    t.match((await raw('{"grant_type":"x"}', 'application/json')).json(), { error: 'invalid_request' })
    t.match((await raw('{', 'application/json')).json(), { error: 'invalid_request' })
    t.match((await raw('x', 'text/plain')).json(), { error: 'invalid_request' })
    t.match((await raw('x', 'application/xml')).json(), { error: 'invalid_request' })
    const huge = await raw(`a=${'x'.repeat(70_000)}`, 'application/x-www-form-urlencoded')
    t.equal(huge.statusCode, 413)
    t.match(huge.json(), { error: 'invalid_request' })
    const only = await registerClient(house, { grant_types: ['authorization_code'] })
    t.match((await token(house, refreshForm(only.client_id, 'x'))).json(), { error: 'unauthorized_client' })
  })

  await t.test(
    '401 invalid_client, with a challenge for Basic [A-TE-01, A-TE-02, A-TE-05, A-TE-06, A-TE-09]',
    async (t) => {
      const good = exchangeForm(client, 'x', verifier)
      const forms: readonly (readonly [Record<string, string>, Record<string, string>?])[] = [
        [{ ...good, client_id: '' }],
        [{ ...good, client_id: 'cli_unknown' }],
        [{ ...good, client_id: secretive.client_id }],
        [{ ...good, client_id: secretive.client_id, client_secret: 'wrong' }],
        [{ ...good, client_secret: 'a public client has none' }],
        [{ ...good, client_id: '' }, basic(secretive.client_id, 'wrong')],
      ]
      for (const [form, headers] of forms) {
        const answer = await token(house, form, headers)
        t.equal(answer.statusCode, 401)
        t.match(answer.json(), { error: 'invalid_client' })
        t.equal(answer.headers['www-authenticate'] !== undefined, headers !== undefined)
      }
      const inQuery = await house.server.inject({
        method: 'POST',
        url: `/oauth/token?client_id=${secretive.client_id}&client_secret=${secret}`,
        payload: 'grant_type=refresh_token&refresh_token=x',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
      t.equal(inQuery.statusCode, 401, 'a secret in the URL does not count')
    },
  )

  await t.test(
    '401 and never 5xx: a NUL in the name of Basic, plain or encoded, at the token and revocation endpoint',
    async (t) => {
      for (const id of ['a\0b', 'a%00b', '%00']) {
        const form = { ...refreshForm('', 'x'), client_id: '', token: 'x' }
        const answer = await token(house, form, basic(id, 'secret'))
        t.match(answer.json(), { error: 'invalid_client' })
        t.equal(answer.statusCode, 401)
        const payload = new URLSearchParams(form).toString()
        const headers = { 'content-type': 'application/x-www-form-urlencoded', ...basic(id, 'secret') }
        t.equal((await house.server.inject({ method: 'POST', url: '/oauth/revoke', payload, headers })).statusCode, 401)
      }
    },
  )

  await t.test('405 with Allow, and preflights for browsers [A-TP-07, A-CO-03, A-CO-04]', async (t) => {
    const get = await house.server.inject({ method: 'GET', url: '/oauth/token' })
    t.equal(get.statusCode, 405)
    t.equal(get.headers.allow, 'POST, OPTIONS')
    const preflight = await house.server.inject({
      method: 'OPTIONS',
      url: '/oauth/token',
      headers: { origin: 'https://x.example' },
    })
    t.equal(preflight.statusCode, 204)
    t.match(preflight.headers, {
      'access-control-allow-origin': '*',
      'access-control-allow-headers': /MCP-Protocol-Version/,
    })
    t.notOk('access-control-allow-credentials' in preflight.headers)
  })

  await t.test('secrets lie in the database as hashes only [A-TP-11, A-RF-11, L10]', async (t) => {
    const tokens = await connect(house)
    const dump = await house.db.asPlatform('test', async (tx) => {
      const tables = [
        'clients',
        'sessions',
        'codes',
        'refresh_tokens',
        'api_keys',
        'ring_keys',
        'people',
        'outbox',
        'audit_outbox',
      ]
      const rows = []
      for (const table of tables) {
        rows.push(...(await tx.rows<{ row: string }>(sql`select t::text as row from ${ident(`auth.${table}`)} t`)))
      }
      return rows.map(({ row }) => row).join('\n')
    })
    t.ok(dump.includes(tokens.client), 'the dump has something in it')
    for (const value of [tokens.refresh_token, secret, tokens.access_token]) t.notOk(dump.includes(value))
    t.notMatch(dump, 'PRIVATE KEY')
  })
})

test('strict: a request that holds its body back is not received before the body is there [A-RF-02]', async (t) => {
  const house = await openHouse(t, { profile: { refreshRetrySeconds: 0 } })
  const { client, refresh_token } = await connect(house)
  const origin = await house.server.listen({ host: '127.0.0.1', port: 0 })
  const payload = new URLSearchParams(refreshForm(client, refresh_token)).toString()
  const opened = request(`${origin}/oauth/token`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': payload.length,
      expect: '100-continue',
    },
  })
  opened.flushHeaders()
  await once(opened, 'continue')
  t.equal((await token(house, refreshForm(client, refresh_token))).statusCode, 200, 'the owner rotates')
  house.clock.forward(2_000)
  opened.end(payload)
  const [answer] = (await once(opened, 'response')) as [IncomingMessage]
  t.equal(answer.statusCode, 400)
  t.match(await json(answer), { error: 'invalid_grant' })
  t.match((await outboxOf(house.db)).at(-1), { event: { data: { kind: 'grant', reason: 'refresh.reused' } } })
})
