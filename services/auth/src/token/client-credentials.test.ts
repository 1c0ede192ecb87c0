import { decodeJwt } from 'jose'
import { test } from 'tap'
import { type Client, client_insert } from '../clients/clients.store.ts'
import { sha256 } from '../secrets.ts'
import { MCP, ORIGIN, openHouse, outboxOf, registerClient, token } from '../testing/house.ts'

const API = `${ORIGIN}/api`
const SECRET = 'a secret of the nightly sync'
const GRANTS = ['authorization_code', 'refresh_token', 'client_credentials'] as const
const API_RESOURCE = {
  identifier: '/api',
  name: 'API',
  aliases: [],
  scopes: [
    { name: 'api:read', text: 'Read', implies: [] },
    { name: 'api:write', text: 'Write', implies: ['api:read'] },
  ],
  defaultScopes: [],
  publicKeys: [],
}

test('client_credentials', async (t) => {
  const house = await openHouse(t, { profile: { grants: [...GRANTS], resources: [API_RESOURCE] } })
  const [acme] = house.tenants
  const register = async (id: string, changes: Partial<Client> = {}): Promise<void> => {
    const client = {
      ...{ id, kind: 'registered' as const, name: id, redirectUris: [], authMethod: 'client_secret_basic' as const },
      ...{ secretHash: sha256(SECRET), jwks: null, jwksUri: null, grantTypes: ['client_credentials'] },
      ...{ scopes: ['api:read', 'mcp:read'], resources: [API, MCP], tenantId: acme?.id ?? '' },
      ...{ registrationHash: null, metadata: {}, createdAt: new Date(house.clock.now()), ...changes },
    }
    await house.db.asPlatform('test', (tx) => client_insert(tx, client))
  }
  const basic = (id: string, secret = SECRET) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })
  const ask = (id: string, form: Record<string, string> = {}) =>
    token(house, { grant_type: 'client_credentials', ...form }, basic(id))
  await register('cli_sync')
  await register('cli_wide', { tenantId: null, resources: null })

  await t.test(
    '200: the client is the subject, in its tenant, for one resource; nothing to refresh [A-CC-04, A-CC-06, A-AT-03, A-RI-09]',
    async (t) => {
      const answer = await ask('cli_sync', { resource: API })
      t.equal(answer.statusCode, 200)
      t.match(answer.json(), { token_type: 'Bearer', scope: 'api:read', expires_in: 3600 })
      t.notOk('refresh_token' in answer.json())
      t.notOk('id_token' in answer.json())
      const claims = decodeJwt(answer.json().access_token)
      t.match(claims, { iss: ORIGIN, sub: 'cli_sync', client_id: 'cli_sync', aud: API, tenant_id: acme?.id, roles: [] })
      for (const name of ['grant_id', 'auth_time']) t.notOk(name in claims, name)
      t.equal(decodeJwt((await ask('cli_sync', { resource: MCP })).json().access_token).aud, MCP)
      const general = await ask('cli_sync', { resource: API, scope: 'api:read openid offline_access' })
      t.equal(general.json().scope, 'api:read', 'what is about people is left out')
    },
  )

  await t.test('discovery names the grant and how to prove oneself for it [A-CC-02]', async (t) => {
    const found = (await house.server.inject({ url: '/.well-known/oauth-authorization-server' })).json()
    t.ok(found.grant_types_supported.includes('client_credentials'))
    const methods: readonly string[] = found.token_endpoint_auth_methods_supported
    t.ok(methods.includes('private_key_jwt') && methods.includes('client_secret_basic'))
    t.ok(found.token_endpoint_auth_signing_alg_values_supported.includes('ES256'))
  })

  await t.test(
    '200: one that acts in no tenant says none; without a resource it is the default [A-RI-06]',
    async (t) => {
      const claims = decodeJwt((await ask('cli_wide')).json().access_token)
      t.match(claims, { sub: 'cli_wide', aud: MCP, scope: 'mcp:read' })
      t.notOk('tenant_id' in claims)
    },
  )

  await t.test('400: beyond what the operator allowed it [A-CC-03, A-SC-08, A-RI-03]', async (t) => {
    const cases: readonly (readonly [string, Record<string, string>, string])[] = [
      ['cli_sync', {}, 'invalid_target'],
      ['cli_sync', { resource: 'https://elsewhere.example' }, 'invalid_target'],
      ['cli_sync', { resource: API, scope: 'api:write' }, 'invalid_scope'],
      ['cli_sync', { resource: API, scope: 'mcp:read' }, 'invalid_scope'],
      ['cli_sync', { resource: API, scope: 'api:read  ' }, 'invalid_scope'],
      ['cli_sync', { resource: API, scope: 'offline_access' }, 'invalid_scope'],
    ]
    for (const [id, form, error] of cases) {
      const answer = await ask(id, form)
      t.equal(answer.statusCode, 400)
      t.match(answer.json(), { error }, JSON.stringify(form))
    }
  })

  await t.test(
    'only confidential clients that an operator gave it to; with proof [A-CC-01, A-CC-05, A-TE-09]',
    async (t) => {
      await register('cli_code', { grantTypes: ['authorization_code'] })
      await register('cli_silent', { grantTypes: null })
      await register('cli_stranger', { kind: 'dynamic' })
      await register('cli_public', { authMethod: 'none', secretHash: null })
      const { client_id: dynamic, client_secret = '' } = await registerClient(house, {
        token_endpoint_auth_method: 'client_secret_basic',
        grant_types: ['authorization_code', 'client_credentials'],
      })
      const grant_type = 'client_credentials'
      for (const id of ['cli_code', 'cli_silent', 'cli_stranger'])
        t.match((await ask(id, { resource: API })).json(), { error: 'unauthorized_client' }, id)
      t.match((await token(house, { grant_type, client_id: 'cli_public' })).json(), { error: 'unauthorized_client' })
      t.match((await token(house, { grant_type }, basic(dynamic, client_secret))).json(), {
        error: 'unauthorized_client',
      })
      t.equal((await token(house, { grant_type, client_id: 'cli_sync' })).statusCode, 401)
      t.equal((await token(house, { grant_type }, basic('cli_sync', 'wrong'))).statusCode, 401)
    },
  )

  await t.test(
    'its token is given back alone: every node is told, its others live, and again is the same [A-RV-01, A-RV-03, A-RV-07]',
    async (t) => {
      const [one, other] = [await ask('cli_sync', { resource: API }), await ask('cli_sync', { resource: API })].map(
        (answer) => answer.json().access_token as string,
      )
      const alive = async (access = '') => (await house.auth.introspect(access)).active
      const revoke = (value = '', id = 'cli_sync') =>
        house.server.inject({
          method: 'POST',
          url: '/oauth/revoke',
          payload: new URLSearchParams({ token: value }).toString(),
          headers: { 'content-type': 'application/x-www-form-urlencoded', ...basic(id) },
        })
      t.equal(await alive(one), true)
      t.equal((await revoke(one, 'cli_wide')).statusCode, 400, 'not by another client')
      t.equal(await alive(one), true)
      t.equal((await revoke(one)).statusCode, 200)
      t.equal(await alive(one), false)
      t.equal(await alive(other), true)
      const { jti } = decodeJwt(one ?? '')
      const told = await outboxOf(house.db)
      t.match(told.at(-1), { event: { data: { kind: 'token', jti, reason: 'client.revoked' } } })
      t.equal((await revoke(one)).statusCode, 200)
      t.equal((await outboxOf(house.db)).length, told.length)
    },
  )
})

test('who does not offer client_credentials says so [L21]', async (t) => {
  const house = await openHouse(t)
  const { client_id } = await registerClient(house)
  t.match((await token(house, { grant_type: 'client_credentials', client_id })).json(), {
    error: 'unsupported_grant_type',
  })
})
