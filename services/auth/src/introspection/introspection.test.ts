import { randomUUID } from 'node:crypto'
import { sql } from '@gatehouse/database'
import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from 'jose'
import { test } from 'tap'
import {
  ADMIN,
  API_KEY,
  authorize,
  connect,
  exchangeForm,
  MCP,
  newVerifier,
  ORIGIN,
  openHouse,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const API = `${ORIGIN}/api`
const PATH = '/oauth/introspect'

test('introspection', async (t) => {
  const pair = await generateKeyPair('ES256')
  const service = await generateKeyPair('ES256')
  const house = await openHouse(t, {
    deps: { internalClients: [{ id: 'gatehouse-mcp', jwk: await exportJWK(service.publicKey) }] },
  })
  const admin = async (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) =>
    house.server.inject({
      method,
      url: `/admin/v1${path}`,
      headers: { authorization: `Bearer ${ADMIN}` },
      ...(body === undefined ? {} : { payload: body as object }),
    })
  const scopes = [
    { name: 'api:read', text: 'Read' },
    { name: 'mcp:read', text: 'Read as assistants do' },
  ]
  const made = await admin('POST', '/resources', { identifier: API, name: 'API', scopes, defaultScopes: ['api:read'] })
  const { id, secret } = made.json() as { id: string; secret: string }
  const keyed = await admin('POST', '/resources', {
    ...{ identifier: 'https://keys.example', name: 'Keys', scopes: [{ name: 'k', text: 'K' }] },
    keys: [{ ...(await exportJWK(pair.publicKey)) }],
  })
  const basic = (name = id, password = secret) => ({
    authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`,
  })
  const ask = (form: Record<string, string>, headers: Record<string, string> = basic()) =>
    house.server.inject({
      method: 'POST',
      url: PATH,
      payload: new URLSearchParams(form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
  const { client_id: client } = await registerClient(house)
  const forApi = async (changes: Record<string, string> = {}) => {
    const verifier = newVerifier()
    const code = (await authorize(house, client, verifier, { resource: API, ...changes })).get('code') ?? ''
    return (await token(house, exchangeForm(client, code, verifier))).json()
  }
  const inactive = async (value: string, name: string) => {
    const answer = await ask({ token: value })
    t.equal(answer.statusCode, 200, name)
    t.same(answer.json(), { active: false }, name)
  }

  await t.test(
    '200 with what the token is worth, and no-store; the hint does not matter [A-IN-03, A-IN-05, A-IN-07]',
    async (t) => {
      const { access_token } = await forApi({ scope: 'openid api:read offline_access' })
      const claims = decodeJwt(access_token)
      for (const hint of [{}, { token_type_hint: 'refresh_token' }, { token_type_hint: 'nonsense' }]) {
        const answer = await ask({ token: access_token, ...hint })
        t.equal(answer.statusCode, 200)
        t.equal(answer.headers['cache-control'], 'no-store')
        t.same(answer.json(), {
          ...{ active: true, iss: ORIGIN, sub: claims.sub, aud: API, client_id: client, token_type: 'Bearer' },
          ...{ credential: 'oauth', scope: 'openid api:read', iat: claims.iat, exp: claims.exp, jti: claims.jti },
          ...{ tenant_id: claims.tenant_id, tenant_status: 'active', roles: ['member'], grant_id: claims.grant_id },
          auth_time: claims.auth_time,
        })
      }
    },
  )

  await t.test(
    "inactive and not a word more: unknown, expired, another resource's, refresh and ID tokens [A-IN-02, A-IN-04]",
    async (t) => {
      const tokens = await forApi({ scope: 'openid api:read' })
      const elsewhere = await connect(house)
      await inactive('garbage', 'garbage')
      await inactive('a.b.c', 'no JWT')
      await inactive(`${tokens.access_token}x`, 'another signature')
      await inactive(elsewhere.access_token, 'for the MCP endpoint')
      await inactive(tokens.refresh_token, 'a refresh token')
      await inactive(tokens.id_token, 'an ID token')
      t.ok((await ask({ token: tokens.access_token })).json().active)
      house.clock.forward(3_601_000)
      await inactive(tokens.access_token, 'expired')
    },
  )

  await t.test(
    'inactive at once when anything that it rests on is taken back [A-IN-02, A-RV-04, A-CN-06, A-RF-06]',
    async (t) => {
      const run = (statement: ReturnType<typeof sql>) => house.db.asPlatform('test', (tx) => tx.run(statement))
      const ends: readonly (readonly [
        string,
        (claims: Record<string, unknown>) => Promise<unknown>,
        ReturnType<typeof sql>?,
      ])[] = [
        ['its grant', ({ grant_id }) => admin('DELETE', `/grants/${grant_id}`)],
        [
          'its tenant',
          ({ tenant_id }) => admin('PATCH', `/tenants/${tenant_id}`, { status: 'suspended' }),
          sql`update auth.tenants set status = 'active'`,
        ],
        [
          'its person',
          ({ sub }) => run(sql`update auth.people set deactivated_at = now() where id = ${sub}`),
          sql`update auth.people set deactivated_at = null`,
        ],
        [
          'its client',
          () => run(sql`update auth.clients set disabled_at = now() where id = ${client}`),
          sql`update auth.clients set disabled_at = null`,
        ],
        ['its membership', ({ sub }) => run(sql`delete from auth.memberships where person_id = ${sub}`)],
      ]
      for (const [name, end, undo] of ends) {
        const { access_token } = await forApi()
        t.equal((await ask({ token: access_token })).json().active, true, name)
        await end(decodeJwt(access_token))
        await inactive(access_token, name)
        if (undo !== undefined) await run(undo)
      }
    },
  )

  await t.test(
    "an API key is worth those of its scopes that are the resource's, and nothing where it has none [U12, A-IN-04]",
    async (t) => {
      const answer = (await ask({ token: API_KEY })).json()
      t.match(answer, {
        ...{ active: true, credential: 'api-key', scope: 'mcp:read', aud: API, tenant_id: house.tenants[0]?.id },
        ...{ sub: /^key_/, roles: [] },
      })
      t.notOk('exp' in answer)
      await admin('PATCH', `/resources/${id}`, { scopes: [scopes[0]] })
      await inactive(API_KEY, 'none of its scopes')
      await admin('PATCH', `/resources/${id}`, { scopes })
      await admin('DELETE', `/api-keys/${answer.sub}`)
      await inactive(API_KEY, 'revoked')
    },
  )

  await t.test(
    '401 with a challenge for whoever is no registered resource, clients included; 400, 405 [A-IN-01]',
    async (t) => {
      const { client_id, client_secret = '' } = await registerClient(house, { token_endpoint_auth_method: undefined })
      const callers: readonly Record<string, string>[] = [
        {},
        basic(id, 'wrong'),
        basic('res_unknown'),
        basic(client_id, client_secret),
      ]
      for (const headers of callers) {
        const answer = await ask(
          { token: 'x', ...(Object.keys(headers).length === 0 ? { client_id: client } : {}) },
          headers,
        )
        t.equal(answer.statusCode, 401)
        t.match(answer.json(), { error: 'invalid_client' })
        t.match(answer.headers['www-authenticate'], 'Basic')
      }
      t.equal((await ask({ token: 'x', client_id: id, client_secret: secret }, {})).statusCode, 200, 'in the body')
      t.equal((await ask({ token: 'x', client_secret: secret })).statusCode, 400, 'twice')
      t.equal((await ask({})).statusCode, 400)
      t.equal((await house.server.inject({ url: `${PATH}?token=x` })).statusCode, 405)
      t.notOk('access-control-allow-origin' in (await ask({ token: 'x' })).headers)
    },
  )

  await t.test('private_key_jwt: a short assertion for us, good once [A-TE-07, A-IN-01]', async (t) => {
    const now = () => Math.floor(house.clock.now() / 1_000)
    const good = () => ({
      ...{ iss: keyed.json().id, sub: keyed.json().id, aud: ORIGIN as string | string[], iat: now(), exp: now() + 60 },
      jti: randomUUID() as string,
    })
    const sign = (claims: Record<string, unknown>, key = pair.privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(key)
    const type = { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }
    const prove = async (client_assertion: string, more: Record<string, string> = {}) =>
      (await ask({ token: 'x', ...type, client_assertion, ...more }, {})).statusCode
    const once = await sign(good())
    t.equal(await prove(once), 200)
    t.equal(await prove(once), 401, 'again')
    t.equal(await prove(await sign(good()), { client_id: keyed.json().id }), 200)
    const bad: readonly (readonly [string, Record<string, unknown>])[] = [
      ['another audience', { ...good(), aud: 'https://elsewhere.example' }],
      ['several audiences', { ...good(), aud: [ORIGIN, 'https://elsewhere.example'] }],
      ['too long', { ...good(), exp: now() + 3_600 }],
      ['over', { ...good(), exp: now() - 60 }],
      ['of nobody', { ...good(), iss: 'res_x', sub: 'res_x' }],
      ['of a resource with a secret', { ...good(), iss: id, sub: id }],
      ['without jti', { ...good(), jti: undefined }],
    ]
    for (const [name, claims] of bad) t.equal(await prove(await sign(claims)), 401, name)
    t.equal(await prove(await sign(good(), service.privateKey)), 401, 'another key')
    t.equal(await prove(await sign(good()), { client_id: id }), 401, 'another name')
    t.equal(await prove(await sign(good()), { client_assertion_type: 'x' }), 401, 'another type')
    t.equal(await prove('a.b.c'), 401)
    t.equal(await prove(await sign(good()), { client_secret: 'x' }), 400, 'two methods')
  })

  await t.test('a service of ours asks about any audience, and is told of a suspended tenant', async (t) => {
    const internal = async (value: unknown, key = service.privateKey) => {
      const now = Math.floor(house.clock.now() / 1_000)
      const claims = {
        iss: 'gatehouse-mcp',
        sub: 'gatehouse-mcp',
        aud: ORIGIN,
        iat: now,
        exp: now + 60,
        jti: randomUUID(),
      }
      const assertion = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).sign(key)
      return house.server.inject({
        method: 'POST',
        url: '/internal/v1/introspect',
        payload: { token: value },
        headers: { authorization: `Bearer ${assertion}` },
      })
    }
    const verifier = newVerifier()
    const person = new Visitor(house)
    await person.signIn('owner@globex.test')
    const code = (await authorize(house, client, verifier, {}, person)).get('code') ?? ''
    const { access_token } = (await token(house, exchangeForm(client, code, verifier))).json()
    t.match((await internal(access_token)).json(), {
      active: true,
      aud: MCP,
      tenant_status: 'active',
      roles: ['owner'],
    })
    t.same(await house.auth.introspect(access_token), (await internal(access_token)).json(), 'the same in process')
    await admin('PATCH', `/tenants/${decodeJwt(access_token).tenant_id}`, { status: 'suspended' })
    t.match((await internal(access_token)).json(), { active: true, tenant_status: 'suspended' })
    t.same((await internal('garbage')).json(), { active: false })
    t.equal((await internal(access_token, pair.privateKey)).statusCode, 401)
    t.equal((await internal(1)).statusCode, 400)
  })

  await t.test('a new credential takes the place of the old one at once', async (t) => {
    const rotated = (await admin('POST', `/resources/${id}/credential`, {})).json()
    t.not(rotated.secret, secret)
    t.equal((await ask({ token: 'x' })).statusCode, 401)
    t.equal((await ask({ token: 'x' }, basic(id, rotated.secret))).statusCode, 200)
  })
})
