import { test } from 'tap'
import {
  authorize,
  authorizeUrl,
  exchangeForm,
  newVerifier,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const GOOD = { redirect_uris: ['https://client.example/callback'], client_name: 'Mine' }

test('a client manages its registration', async (t) => {
  const house = await openHouse(t)
  const call = async (method: 'GET' | 'PUT' | 'DELETE' | 'POST', uri: unknown, bearer: unknown, body?: unknown) =>
    house.server.inject({
      method,
      url: new URL(String(uri)).pathname,
      headers: {
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
  const fresh = async (metadata: Record<string, unknown> = {}) => {
    const client = await registerClient(house, metadata)
    return { ...client, uri: client.registration_client_uri, bearer: client.registration_access_token }
  }

  await t.test('it is told where and with what, and reads what it registered [A-DC-01, A-DC-02]', async (t) => {
    const { uri, bearer, ...client } = await fresh({ ...GOOD, scope: 'mcp:read' })
    t.equal(uri, `https://align.example/oauth/clients/${client.client_id}`)
    t.match(bearer, /^[A-Za-z0-9_-]{43}$/)
    const answer = await call('GET', uri, bearer)
    t.equal(answer.statusCode, 200)
    t.match(answer.headers, { 'cache-control': 'no-store' })
    t.notOk('access-control-allow-origin' in answer.headers, 'not for other sites in a browser')
    t.match(answer.json(), {
      ...GOOD,
      client_id: client.client_id,
      registration_access_token: bearer,
      scope: 'mcp:read',
    })
    t.notOk('client_secret' in answer.json())
  })

  await t.test('an update replaces everything and the token; the old one is dead [A-DC-02, A-DC-04]', async (t) => {
    const { uri, bearer, client_id } = await fresh({ ...GOOD, contacts: ['a@a.example'], scope: 'mcp:read' })
    const answer = await call('PUT', uri, bearer, {
      ...GOOD,
      client_id,
      client_name: 'Other',
      token_endpoint_auth_method: 'none',
    })
    t.equal(answer.statusCode, 200)
    const changed = answer.json()
    t.match(changed, { client_id, client_name: 'Other' })
    t.notOk('contacts' in changed, 'what is not said again is gone')
    t.not(changed.registration_access_token, bearer)
    t.equal((await call('GET', uri, bearer)).statusCode, 401)
    t.match((await call('GET', uri, changed.registration_access_token)).json(), { client_name: 'Other' })
  })

  await t.test('of two updates with one token one counts [A-DC-04]', async (t) => {
    const { uri, bearer, client_id } = await fresh(GOOD)
    const bodies = ['one', 'two', 'three'].map((client_name) => ({ ...GOOD, client_id, client_name }))
    const answers = await Promise.all(bodies.map((body) => call('PUT', uri, bearer, body)))
    t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, 401, 401])
  })

  await t.test(
    'a secret comes and goes with the method, and is no client’s to choose [A-DC-02, A-DR-12]',
    async (t) => {
      const { uri, bearer, client_id } = await fresh(GOOD)
      const basic = { ...GOOD, client_id, token_endpoint_auth_method: 'client_secret_basic' }
      const first = (await call('PUT', uri, bearer, basic)).json()
      t.match(first, { client_secret: /^[A-Za-z0-9_-]{43}$/, client_secret_expires_at: 0 })
      const prove = async (secret: string) =>
        (
          await token(house, { grant_type: 'refresh_token', refresh_token: 'x', client_id, client_secret: secret })
        ).json().error
      t.equal(await prove(first.client_secret), 'invalid_grant')
      const wrong = await call('PUT', uri, first.registration_access_token, { ...basic, client_secret: 'mine' })
      t.match([wrong.statusCode, wrong.json().error], [400, 'invalid_client_metadata'])
      const same = await call('PUT', uri, first.registration_access_token, {
        ...basic,
        client_secret: first.client_secret,
      })
      t.equal(same.statusCode, 200)
      t.notOk('client_secret' in same.json(), 'it has it')
      t.equal(await prove(first.client_secret), 'invalid_grant')
      const none = { ...basic, token_endpoint_auth_method: 'none' }
      t.equal((await call('PUT', uri, same.json().registration_access_token, none)).statusCode, 200)
      t.equal(await prove(first.client_secret), 'invalid_client', 'a public client has no secret')
    },
  )

  await t.test('400 for what an update must not say, and nothing is changed [A-DC-02]', async (t) => {
    const { uri, bearer, client_id } = await fresh(GOOD)
    for (const body of [
      GOOD,
      { ...GOOD, client_id: 'cli_other' },
      { ...GOOD, client_id, registration_access_token: 'x' },
      { ...GOOD, client_id, registration_client_uri: 'https://a.example' },
      { ...GOOD, client_id, client_secret_expires_at: 0 },
      { ...GOOD, client_id, client_id_issued_at: 0 },
      { ...GOOD, client_id, client_secret: 'x' },
      { client_id },
      { ...GOOD, client_id, redirect_uris: ['http://evil.example'] },
      [],
      null,
      7,
    ])
      t.equal((await call('PUT', uri, bearer, body)).statusCode, 400, JSON.stringify(body))
    t.match((await call('GET', uri, bearer)).json(), GOOD)
  })

  await t.test(
    '401 for a wrong token, another client’s, none, or a client that is not there; 405 for other methods [A-DC-03]',
    async (t) => {
      const [one, other] = [await fresh(GOOD), await fresh(GOOD)]
      const nowhere = String(one.uri).replace(/[^/]+$/, 'cli_unknown')
      for (const [uri, bearer] of [
        [one.uri, 'wrong'],
        [one.uri, other.bearer],
        [one.uri, undefined],
        [nowhere, one.bearer],
        [String(one.uri).replace(/[^/]+$/, '%00'), one.bearer],
        [String(one.uri).replace(/[^/]+$/, 'x'.repeat(90)), one.bearer],
      ] as const)
        for (const method of ['GET', 'PUT', 'DELETE'] as const) {
          const answer = await call(
            method,
            uri,
            bearer,
            method === 'PUT' ? { ...GOOD, client_id: one.client_id } : undefined,
          )
          t.equal(answer.statusCode, 401, `${method} ${uri}`)
          t.match(answer.headers['www-authenticate'], 'Bearer')
        }
      t.equal((await call('POST', one.uri, one.bearer, GOOD)).statusCode, 405)
      t.equal((await call('GET', one.uri, one.bearer)).statusCode, 200)
    },
  )

  await t.test(
    'a client that removes itself takes everything with it, and hears that it is unknown [A-DC-02, A-CR-09, A-DR-15]',
    async (t) => {
      const { uri, bearer, client_id } = await fresh(GOOD)
      const verifier = newVerifier()
      const code = (await authorize(house, client_id, verifier)).get('code') ?? ''
      const tokens = (await token(house, exchangeForm(client_id, code, verifier))).json()
      const gone = await call('DELETE', uri, bearer)
      t.equal(gone.statusCode, 204)
      t.match((await outboxOf(house.db)).at(-1), { event: { data: { kind: 'client', client: client_id } } })
      t.equal((await call('GET', uri, bearer)).statusCode, 401)
      t.equal((await call('DELETE', uri, bearer)).statusCode, 401)
      const refreshed = await token(house, refreshForm(client_id, tokens.refresh_token))
      t.match([refreshed.statusCode, refreshed.json().error], [401, 'invalid_client'])
      const page = await new Visitor(house).get(authorizeUrl(client_id, newVerifier()))
      t.equal(page.statusCode, 400)
      t.match(page.body, 'not known here')
    },
  )

  await t.test('another face of a client asks for consent again [A-CI-18]', async (t) => {
    const { uri, bearer, client_id } = await fresh(GOOD)
    const visitor = new Visitor(house)
    await authorize(house, client_id, newVerifier(), {}, visitor)
    t.match((await visitor.get(authorizeUrl(client_id, newVerifier()))).headers.location, /code=/)
    house.clock.forward(1_000)
    await call('PUT', uri, bearer, {
      ...GOOD,
      client_id,
      client_name: 'Someone else',
      token_endpoint_auth_method: 'none',
    })
    t.match((await visitor.get(authorizeUrl(client_id, newVerifier()))).body, 'Someone else')
  })

  await t.test(
    'a software statement is ignored, and nobody registers for grants that have to be given [A-DR-08, A-CC-05]',
    async (t) => {
      const client = await registerClient(house, {
        ...GOOD,
        software_statement: 'e30.e30.x',
        grant_types: ['authorization_code', 'client_credentials'],
      })
      t.notOk('software_statement' in client)
      t.same(client.grant_types, ['authorization_code'])
    },
  )
})
