import { test } from 'tap'
import { ORIGIN, openHouse, registerClient } from '../testing/house.ts'

const OAUTH = ['/.well-known/oauth-authorization-server', '/.well-known/oauth-authorization-server/mcp']
const OPENID = [
  '/.well-known/openid-configuration',
  '/.well-known/openid-configuration/mcp',
  '/mcp/.well-known/openid-configuration',
]

test('discovery', async (t) => {
  const house = await openHouse(t)
  const get = (url: string, headers = {}) => house.server.inject({ url, headers })

  await t.test(
    'the same document at every place, and it names what is there [A-DM-01, A-DM-02, A-DM-03, A-DM-05, L4]',
    async (t) => {
      const [first, ...others] = await Promise.all([...OAUTH, ...OPENID].map((url) => get(url)))
      for (const other of others) t.equal(other.body, first?.body)
      t.match(first?.headers['content-type'], /^application\/json/)
      const document = first?.json()
      t.match(document, {
        issuer: ORIGIN,
        code_challenge_methods_supported: ['S256'],
        response_types_supported: ['code'],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
        token_endpoint_auth_signing_alg_values_supported: ['ES256', 'RS256', 'PS256', 'EdDSA', 'Ed25519'],
        scopes_supported: ['mcp:read', 'mcp:write', 'openid', 'profile', 'email', 'offline_access'],
      })
      t.same(document.grant_types_supported, ['authorization_code', 'refresh_token'])
      t.same(
        Object.values(document).filter((value) => Array.isArray(value) && value.length === 0),
        [],
      )
      const absent = ['pushed_authorization_request_endpoint', 'introspection_endpoint']
      for (const name of absent) t.notOk(name in document, `${name} is not there, so it is not named`)
    },
  )

  await t.test('every endpoint that is named answers [A-DM-06, A-DM-10]', async (t) => {
    const document = (await get(OAUTH[0] ?? '')).json()
    for (const [name, value] of Object.entries(document)) {
      if (!name.endsWith('_endpoint') && name !== 'jwks_uri') continue
      const answer = await get(String(value).slice(ORIGIN.length))
      t.not(answer.statusCode, 404, name)
    }
    for (const method of document.token_endpoint_auth_methods_supported) {
      const jwks = { keys: [{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }] }
      const client = await registerClient(house, { token_endpoint_auth_method: method, jwks })
      t.equal(client.token_endpoint_auth_method, method)
    }
  })

  await t.test('cacheable with an ETag, HEAD, CORS, 405 [A-DM-07, A-JK-04, A-TP-07, A-CO-03]', async (t) => {
    for (const url of [...OAUTH, ...OPENID, '/.well-known/jwks.json']) {
      const answer = await get(url)
      t.match(answer.headers, {
        'cache-control': /^public, max-age=\d+$/,
        'access-control-allow-origin': '*',
        etag: /^"/,
      })
      t.equal((await get(url, { 'if-none-match': answer.headers.etag })).statusCode, 304)
      t.equal((await house.server.inject({ method: 'HEAD', url })).statusCode, 200)
      t.equal((await house.server.inject({ method: 'POST', url })).statusCode, 405)
      t.equal((await house.server.inject({ method: 'OPTIONS', url })).statusCode, 204)
    }
    t.equal((await get('/.well-known/oauth-authorization-server/elsewhere')).statusCode, 404, '[A-DM-04]')
  })

  await t.test('the key set holds public keys only, the same on every node [A-JK-01, A-JK-02, A-JK-05]', async (t) => {
    const { keys } = (await get('/.well-known/jwks.json')).json()
    t.match(keys, [
      { kty: 'EC', alg: 'ES256', use: 'sig', kid: String },
      { kty: 'RSA', alg: 'RS256', use: 'sig', kid: String },
    ])
    for (const key of keys) for (const secret of ['d', 'p', 'q', 'k']) t.notOk(secret in key)
  })
})

test('a profile without OpenID has no OpenID document, key or scope [A-OI-06]', async (t) => {
  const house = await openHouse(t, { profile: { openid: false } })
  for (const url of [...OPENID, '/oauth/userinfo']) t.equal((await house.server.inject({ url })).statusCode, 404, url)
  const document = (await house.server.inject({ url: OAUTH[0] ?? '' })).json()
  t.same(document.scopes_supported, ['mcp:read', 'mcp:write', 'offline_access'])
  t.notOk('userinfo_endpoint' in document)
  t.equal((await house.auth.jwks()).keys.length, 1)
})
