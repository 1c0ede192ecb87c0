import fc from 'fast-check'
import { test } from 'tap'
import { openHouse } from '../testing/house.ts'
import { judgeMetadata } from './judge-metadata.ts'

const CURSOR = 'cursor://anysphere.cursor-mcp/oauth/callback'

test('dynamic registration', async (t) => {
  const house = await openHouse(t)
  const register = (payload: unknown, type = 'application/json') =>
    house.server.inject({
      method: 'POST',
      url: '/oauth/clients',
      payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      headers: { 'content-type': type },
    })

  await t.test(
    '201 with everything that was registered, defaults included [A-DR-01, A-DR-02, A-DR-03, L5]',
    async (t) => {
      const answer = await register({ redirect_uris: ['https://a.example/cb'], unknown_field: { deep: 1 } })
      t.equal(answer.statusCode, 201)
      t.match(answer.headers, { 'cache-control': 'no-store', pragma: 'no-cache', 'access-control-allow-origin': '*' })
      const client = answer.json()
      t.match(client, {
        client_id: /^cli_[A-Za-z0-9_-]{20}$/,
        client_secret: /^[A-Za-z0-9_-]{43}$/,
        client_secret_expires_at: 0,
        client_id_issued_at: Number,
        redirect_uris: ['https://a.example/cb'],
        grant_types: ['authorization_code'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      })
      t.notOk('unknown_field' in client, 'what is unknown is ignored [A-DR-07]')
    },
  )

  await t.test(
    '201 without a secret for a public client; what it told is told back [A-DR-12, CF-2, CF-4]',
    async (t) => {
      const metadata = {
        client_name: 'Cursor',
        redirect_uris: [CURSOR, 'http://localhost/cb', 'http://127.0.0.1:1/cb', 'http://[::1]/cb'],
        token_endpoint_auth_method: 'none',
        application_type: 'web',
        grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
        scope: 'mcp:read',
        client_uri: 'https://cursor.example',
      }
      const client = (await register(metadata)).json()
      t.match(client, { ...metadata, grant_types: ['authorization_code', 'refresh_token'] })
      t.notOk('client_secret' in client)
      const again = (await register(metadata)).json()
      t.not(again.client_id, client.client_id, 'the same client again is another one [CF-9]')
    },
  )

  await t.test('400 invalid_redirect_uri [A-DR-04, A-RU-04]', async (t) => {
    for (const redirect_uris of [
      ['http://evil.example'],
      [CURSOR],
      ['https://a.example/#x'],
      ['x'],
      [],
      undefined,
      'x',
      [1],
    ]) {
      const answer = await register({ redirect_uris })
      t.equal(answer.statusCode, 400)
      t.match(
        answer.json(),
        { error: 'invalid_redirect_uri', error_description: /redirect_uris/ },
        JSON.stringify(redirect_uris),
      )
    }
  })

  await t.test('400 invalid_client_metadata [A-DR-05, A-DR-06]', async (t) => {
    const good = { redirect_uris: ['https://a.example/cb'] }
    const bodies: readonly unknown[] = [
      { ...good, grant_types: ['implicit'] },
      { ...good, grant_types: ['refresh_token'] },
      { ...good, response_types: ['token'] },
      { ...good, token_endpoint_auth_method: 'tls_client_auth' },
      { ...good, jwks: { keys: [] }, jwks_uri: 'https://a.example/jwks' },
      { ...good, client_uri: 'javascript:alert(1)' },
      { ...good, client_name: 'a\0b' },
      { ...good, client_name: '\ud800' },
      { ...good, client_name: 'x'.repeat(201) },
      [],
      null,
      'text',
      7,
    ]
    for (const body of bodies) {
      const answer = await register(typeof body === 'string' ? JSON.stringify(body) : body)
      t.equal(answer.statusCode, 400, JSON.stringify(body))
      t.match(answer.json(), { error: 'invalid_client_metadata', request_id: String })
    }
    for (const [body, type] of [
      ['{', 'application/json'],
      ['', 'application/json'],
      ['redirect_uris=x', 'application/x-www-form-urlencoded'],
      ['x', 'text/plain'],
      ['x', 'image/png'],
    ] as const) {
      const answer = await register(body, type)
      t.equal(answer.statusCode, 400, `${type} ${body}`)
      t.match(answer.json(), { error: 'invalid_client_metadata' })
    }
    t.equal((await register({ ...good, client_name: 'backslash \\u0000 is text' })).statusCode, 201)
  })

  await t.test('never 5xx: a field that is nested very deeply is ignored or refused [A-DR-07]', async (t) => {
    const deep = '['.repeat(20_000) + ']'.repeat(20_000)
    for (const [payload, status] of [
      [`{"redirect_uris":["https://a.example/b"],"x":${deep}}`, 201],
      [`{"redirect_uris":["https://a.example/b"],"jwks":${deep}}`, 400],
      [`{"redirect_uris":${deep}}`, 400],
    ] as const) {
      const headers = { 'content-type': 'application/json' }
      const answer = await house.server.inject({ method: 'POST', url: '/oauth/clients', payload, headers })
      t.equal(answer.statusCode, status)
    }
  })

  await t.test('413 for a huge body, 405 for another method, 429 for a flood [A-TP-08, A-DR-11]', async (t) => {
    t.equal(
      (await register({ redirect_uris: ['https://a.example/'], client_name: 'x'.repeat(70_000) })).statusCode,
      413,
    )
    t.equal((await house.server.inject({ method: 'GET', url: '/oauth/clients' })).statusCode, 405)
    let last = await register({})
    for (let count = 0; count < 300 && last.statusCode !== 429; count += 1) last = await register({})
    t.equal(last.statusCode, 429)
    t.match(last.headers, { 'retry-after': /^\d+$/ })
  })
})

test('where an operator restricts redirects, only those register, each with a reason [A-DR-04, O5]', async (t) => {
  const rules = { grants: ['authorization_code'], redirects: { domains: ['a.example', 'localhost'] } }
  const judge = (...redirect_uris: readonly string[]) =>
    judgeMetadata({ redirect_uris, token_endpoint_auth_method: 'none' }, rules)
  t.match(judge('https://b.a.example/cb', 'http://localhost:1/cb'), { ok: true })
  for (const uri of ['https://evil.example/cb', 'http://127.0.0.1/cb', CURSOR])
    t.match(judge('https://a.example/cb', uri), {
      ok: false,
      reason: 'metadata.redirect',
      text: /redirect_uris\[1\] leads to a host that is not allowed here/,
    })
})

test('what a client may register with: a key set or where it is, never a private key [A-DR-06, A-CR-03]', async (t) => {
  const key = { kty: 'RSA', n: 'n', e: 'AQAB', kid: '1', extra: 'x' }
  const judge = (more: object) =>
    judgeMetadata(
      { redirect_uris: ['https://a.example/cb'], token_endpoint_auth_method: 'private_key_jwt', ...more },
      { grants: ['authorization_code'] },
    )
  t.match(judge({ jwks: { keys: [key, { kty: 'unknown' }] } }), {
    ok: true,
    registration: { authMethod: 'private_key_jwt', jwks: { keys: [{ kty: 'RSA', n: 'n', e: 'AQAB', kid: '1' }] } },
  })
  t.match(judge({ jwks_uri: 'https://a.example/jwks' }), {
    ok: true,
    registration: { jwksUri: 'https://a.example/jwks' },
  })
  for (const bad of [
    {},
    { jwks: { keys: [{ ...key, d: 'd' }] } },
    { jwks: { keys: [{ kty: 'oct', k: 'k' }] } },
    { jwks: { keys: [] } },
    { jwks: { keys: [{ kty: '__proto__' }] } },
    { jwks: { keys: [{ ...key, e: 'A'.repeat(512) }] } },
    { jwks: { keys: [{ ...key, n: 'A'.repeat(1_400) }] } },
    { jwks: [key] },
    { jwks: 'x' },
    { jwks_uri: 'http://a.example/jwks' },
    { jwks_uri: 'https://user@a.example/jwks' },
    { jwks: { keys: [key] }, jwks_uri: 'https://a.example/jwks' },
    { jwks: { keys: [key] }, token_endpoint_auth_signing_alg: 'HS256' },
  ])
    t.match(judge(bad), { ok: false, reason: 'metadata.refused' }, JSON.stringify(bad).slice(0, 100))
})

test('property: whatever is registered, it is judged [A-DR-07]', async (t) => {
  const names = [
    'redirect_uris',
    'jwks',
    'jwks_uri',
    'client_name',
    'grant_types',
    'token_endpoint_auth_method',
    '__proto__',
  ]
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(['https://a.example/cb'], 'none', 'private_key_jwt', [CURSOR]))
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), value)), (body) => {
      const verdict = judgeMetadata(body, { grants: ['authorization_code'] })
      return verdict.ok ? verdict.registration.redirectUris.length > 0 : verdict.text !== ''
    }),
    { numRuns: 2_000 },
  )
  t.pass('held')
})
