import type { Profile } from '@gatehouse/profiles'
import { test } from 'tap'
import { MCP, ORIGIN, openHouse, registerClient } from '../testing/house.ts'
import { serverMetadata } from './document.ts'

const OAUTH = '/.well-known/oauth-authorization-server'
const OPENID = '/.well-known/openid-configuration'
const PLACES = [OAUTH, OPENID].flatMap((place) => [place, `${place}/mcp`, `/mcp${place}`])

test('discovery', async (t) => {
  const house = await openHouse(t)
  const get = (url: string, headers = {}) => house.server.inject({ url, headers })

  await t.test(
    'the same document at every place, and it names what is there [A-DM-01, A-DM-02, A-DM-03, A-DM-05, L4]',
    async (t) => {
      const [first, ...others] = await Promise.all(PLACES.map((url) => get(url)))
      for (const other of others) t.equal(other.body, first?.body)
      t.match(first?.headers['content-type'], /^application\/json/)
      const document = first?.json()
      t.match(document, {
        issuer: ORIGIN,
        code_challenge_methods_supported: ['S256'],
        response_types_supported: ['code'],
        authorization_response_iss_parameter_supported: true,
        scopes_supported: ['mcp:read', 'mcp:write', 'openid', 'profile', 'email', 'offline_access'],
        client_id_metadata_document_supported: true,
        protected_resources: [`${ORIGIN}/mcp`],
        require_pushed_authorization_requests: false,
        request_uri_parameter_supported: false,
      })
      t.same(document.grant_types_supported, ['authorization_code', 'refresh_token'])
      for (const [name, value] of Object.entries(document)) {
        t.notOk(value === null || value === '' || (Array.isArray(value) && value.length === 0), name)
        if (name.endsWith('alg_values_supported')) t.notMatch(JSON.stringify(value), /none|HS\d/)
      }
    },
  )

  await t.test(
    'clients of 2025-03-26 find it at the origin of the MCP endpoint, with the true issuer [A-DM-11, S-LA-04]',
    async (t) => {
      const url = new URL(OAUTH, MCP)
      t.equal(url.origin, ORIGIN)
      t.match((await get(url.pathname)).json(), { issuer: ORIGIN, token_endpoint: `${ORIGIN}/oauth/token` })
    },
  )

  await t.test('every endpoint that is named answers [A-DM-06, A-DM-10]', async (t) => {
    const document = (await get(OAUTH)).json()
    const endpoints = Object.entries(document).filter(([name]) => name.endsWith('_endpoint') || name === 'jwks_uri')
    t.same(endpoints.map(([name]) => name).sort(), [
      'authorization_endpoint',
      'end_session_endpoint',
      'introspection_endpoint',
      'jwks_uri',
      'pushed_authorization_request_endpoint',
      'registration_endpoint',
      'revocation_endpoint',
      'token_endpoint',
      'userinfo_endpoint',
    ])
    for (const [name, value] of endpoints) {
      t.not((await get(String(value).slice(ORIGIN.length))).statusCode, 404, name)
    }
    for (const method of ['none', 'client_secret_basic', 'client_secret_post']) {
      t.ok(document.token_endpoint_auth_methods_supported.includes(method))
      const client = await registerClient(house, { token_endpoint_auth_method: method })
      t.equal(client.token_endpoint_auth_method, method)
    }
  })

  await t.test('cacheable with an ETag, HEAD, CORS, 405 [A-DM-07, A-JK-04, A-TP-07, A-CO-02, A-CO-03]', async (t) => {
    for (const url of [...PLACES, '/.well-known/jwks.json']) {
      const answer = await get(url, { origin: 'https://app.example' })
      t.match(answer.headers, {
        'cache-control': /^public, max-age=(\d+)$/,
        'access-control-allow-origin': '*',
        'x-content-type-options': 'nosniff',
        etag: /^"/,
      })
      t.ok(Number(/\d+/.exec(String(answer.headers['cache-control']))) <= 3_600)
      t.notOk('access-control-allow-credentials' in answer.headers)
      for (const known of [answer.headers.etag, `"x", W/${answer.headers.etag}`, '*']) {
        const unchanged = await get(url, { 'if-none-match': known })
        t.equal(unchanged.statusCode, 304)
        t.equal(unchanged.body, '')
        t.match(unchanged.headers, { etag: answer.headers.etag, 'cache-control': answer.headers['cache-control'] })
      }
      t.equal((await get(url, { 'if-none-match': '"other"' })).statusCode, 200)
      const head = await house.server.inject({ method: 'HEAD', url })
      t.equal(head.statusCode, 200)
      t.equal(head.body, '')
      t.equal(head.headers.etag, answer.headers.etag)
      for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
        const refused = await house.server.inject({ method, url })
        t.equal(refused.statusCode, 405)
        t.equal(refused.headers.allow, 'GET, HEAD, OPTIONS')
      }
      const preflight = await house.server.inject({ method: 'OPTIONS', url })
      t.equal(preflight.statusCode, 204)
      t.match(preflight.headers, {
        'access-control-allow-headers': /MCP-Protocol-Version/,
        'access-control-max-age': /\d/,
      })
    }
  })

  await t.test('places that are not ours are 404 [A-DM-04]', async (t) => {
    for (const url of [`${OAUTH}/elsewhere`, `/elsewhere${OAUTH}`, `${OPENID}/mcp/x`, `${OAUTH}/`]) {
      t.equal((await get(url)).statusCode, 404, url)
    }
  })

  await t.test('what a request says of the host changes nothing [A-TP-03]', async (t) => {
    const plain = (await get(OAUTH)).body
    const spoofed = {
      host: 'evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      forwarded: 'host=evil.example',
    }
    t.equal((await get(OAUTH, spoofed)).body, plain)
  })

  await t.test('the key set holds public keys only, the same on every node [A-JK-01, A-JK-05]', async (t) => {
    const other = await openHouse(t, { host: house.host })
    const { keys } = (await get('/.well-known/jwks.json')).json()
    t.same((await other.server.inject({ url: '/.well-known/jwks.json' })).json().keys, keys)
    t.match(keys, [
      { kty: 'EC', alg: 'ES256', use: 'sig', kid: String },
      { kty: 'RSA', alg: 'RS256', use: 'sig', kid: String },
    ])
    t.equal(new Set(keys.map(({ kid }: { kid: string }) => kid)).size, keys.length)
    for (const key of keys) for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) t.notOk(secret in key)
  })
})

/** A feature that is off, the fields that go with it, and the paths that are then not there. */
const OFF: readonly (readonly [
  what: string,
  profile: Partial<Profile>,
  fields: readonly string[],
  paths: readonly string[],
])[] = [
  [
    'OpenID',
    { openid: false },
    [
      'userinfo_endpoint',
      'end_session_endpoint',
      'subject_types_supported',
      'id_token_signing_alg_values_supported',
      'claims_supported',
      'prompt_values_supported',
    ],
    [OPENID, `${OPENID}/mcp`, `/mcp${OPENID}`, '/oauth/userinfo'],
  ],
  [
    'client documents',
    { clientDocuments: { enabled: false, allow: [], deny: [] } },
    ['client_id_metadata_document_supported'],
    [],
  ],
]
for (const [what, profile, fields, paths] of OFF) {
  test(`what is off is not named and not there: ${what} [A-DM-09, A-OI-06]`, async (t) => {
    const [on, off] = [await openHouse(t), await openHouse(t, { profile })]
    const [with_, without] = await Promise.all(
      [on, off].map(async ({ server }) => (await server.inject({ url: OAUTH })).json()),
    )
    t.same(
      Object.keys(with_)
        .filter((name) => !(name in without) && !name.startsWith('request') && !name.startsWith('claims_p'))
        .sort(),
      [...fields].sort(),
    )
    for (const url of paths) {
      t.not((await on.server.inject({ url })).statusCode, 404, url)
      t.equal((await off.server.inject({ url })).statusCode, 404, url)
    }
    if (profile.openid === false) {
      t.same(without.scopes_supported, ['mcp:read', 'mcp:write', 'offline_access'])
      t.equal((await off.auth.jwks()).keys.length, 1)
    }
  })
}

test('grants, resources and rules of a profile stand in the document', async (t) => {
  const house = await openHouse(t, {
    profile: {
      grants: ['authorization_code', 'client_credentials'],
      requirePushedRequests: true,
      paths: {
        mcp: '/mcp',
        sse: '/mcp/sse',
        messages: '/mcp/messages',
        register: '/join',
        authorizedApps: '/apps',
        apiKeys: '/keys',
      },
    },
  })
  const answer = await house.server.inject({ url: OAUTH })
  t.match(answer.json(), {
    grant_types_supported: ['authorization_code', 'client_credentials'],
    require_pushed_authorization_requests: true,
    registration_endpoint: `${ORIGIN}/join`,
    protected_resources: [`${ORIGIN}/mcp`, `${ORIGIN}/mcp/sse`],
  })
  t.notOk(answer.json().scopes_supported.includes('offline_access'))
  for (const url of [`${OAUTH}/mcp/sse`, `/mcp/sse${OAUTH}`, `${OPENID}/mcp/sse`, `/mcp/sse${OPENID}`]) {
    t.equal((await house.server.inject({ url })).body, answer.body, url)
  }
})

test('a feature that is off adds nothing, whatever it is', async (t) => {
  const facts = {} as Parameters<typeof serverMetadata>[0]
  const fields = () => ({ thing_endpoint: 'x' })
  t.same(serverMetadata(facts, [{ name: 'thing', on: () => false, fields }]), {})
  t.same(serverMetadata(facts, [{ name: 'thing', fields }]), { thing_endpoint: 'x' })
})
