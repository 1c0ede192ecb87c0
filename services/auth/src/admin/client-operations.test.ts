import { createOutbound } from '@gatehouse/outbound'
import { jsonHost, openWeb } from '@gatehouse/outbound/testing'
import { test } from 'tap'
import {
  ADMIN,
  authorize,
  authorizeUrl,
  CALLBACK,
  connect,
  exchangeForm,
  MCP,
  newVerifier,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

test('clients in the hands of an operator', async (t) => {
  const web = await openWeb(t)
  const house = await openHouse(t, {
    profile: { grants: ['authorization_code', 'refresh_token', 'client_credentials'] },
    deps: { outbound: createOutbound(web.options) },
  })
  const [acme] = house.tenants
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) =>
    house.server.inject({
      method,
      url: `/admin/v1${path}`,
      headers: {
        authorization: `Bearer ${ADMIN}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    })
  const made = async (body: object) => {
    const answer = await call('POST', '/clients', body)
    if (answer.statusCode !== 200) throw new Error(answer.body)
    return answer.json()
  }
  const web_app = { name: 'Web', redirectUris: [CALLBACK], authMethod: 'client_secret_basic' }

  await t.test(
    'a client is registered, shown, changed and deleted; its secret is told once [A-CR-02, A-DR-12]',
    async (t) => {
      const client = await made(web_app)
      t.match(client, { id: /^cli_/, kind: 'registered', secret: /^[\w-]{43}$/, disabled: false })
      const shown = (await call('GET', `/clients/${client.id}`)).json()
      t.notOk('secret' in shown)
      t.match(shown, { ...web_app, grantTypes: ['authorization_code', 'refresh_token'] })
      const verifier = newVerifier()
      const code = (await authorize(house, client.id, verifier)).get('code') ?? ''
      const form = exchangeForm(client.id, code, verifier)
      t.equal((await token(house, form)).statusCode, 401)
      t.equal((await token(house, { ...form, client_secret: client.secret })).statusCode, 200)
      const changed = (await call('PATCH', `/clients/${client.id}`, { name: 'Other', authMethod: 'none' })).json()
      t.match(changed, { name: 'Other', authMethod: 'none', redirectUris: [CALLBACK] })
      t.match((await call('PATCH', `/clients/${client.id}`, { authMethod: 'client_secret_post' })).json(), {
        secret: /^[\w-]{43}$/,
      })
      t.same((await call('DELETE', `/clients/${client.id}`)).json(), { deleted: true })
      for (const method of ['GET', 'DELETE'] as const)
        t.equal((await call(method, `/clients/${client.id}`)).statusCode, 404)
      t.notMatch(JSON.stringify((await call('GET', '/clients?limit=200')).json()), client.id)
    },
  )

  await t.test('another secret ends the one before [A-CR-09]', async (t) => {
    const client = await made(web_app)
    const prove = async (client_secret: string) =>
      (await token(house, { ...refreshForm(client.id, 'x'), client_secret })).json().error
    t.equal(await prove(client.secret), 'invalid_grant')
    const { secret } = (await call('POST', `/clients/${client.id}/secret`)).json()
    t.equal(await prove(client.secret), 'invalid_client')
    t.equal(await prove(secret), 'invalid_grant')
    const open = await made({ ...web_app, authMethod: 'none' })
    t.equal((await call('POST', `/clients/${open.id}/secret`)).statusCode, 409)
    t.equal((await call('POST', '/clients/cli_unknown/secret')).statusCode, 404)
  })

  await t.test(
    'a client that is switched off loses what it holds, and can be switched on again [A-CR-09]',
    async (t) => {
      const tokens = await connect(house)
      const before = (await outboxOf(house.db)).length
      t.match((await call('PATCH', `/clients/${tokens.client}`, { disabled: true })).json(), { disabled: true })
      t.match((await outboxOf(house.db)).slice(before), [
        { event: { data: { kind: 'client', client: tokens.client } } },
      ])
      const answer = await token(house, refreshForm(tokens.client, tokens.refresh_token))
      t.match([answer.statusCode, answer.json().error], [401, 'invalid_client'])
      t.match(answer.json().error_description, 'switched off')
      const page = await new Visitor(house).get(authorizeUrl(tokens.client, newVerifier()))
      t.equal(page.statusCode, 400)
      t.match(page.body, 'switched off')
      await call('PATCH', `/clients/${tokens.client}`, { disabled: true })
      t.equal((await outboxOf(house.db)).length, before + 1, 'twice is once')
      t.match((await call('PATCH', `/clients/${tokens.client}`, { disabled: false })).json(), { disabled: false })
      t.match((await token(house, refreshForm(tokens.client, tokens.refresh_token))).json(), { error: 'invalid_grant' })
      t.equal((await new Visitor(house).get(authorizeUrl(tokens.client, newVerifier()))).statusCode, 200)
    },
  )

  await t.test(
    'a client that describes itself is not described by others; a document stays off when it changes [A-CI-21]',
    async (t) => {
      const { client_id } = await registerClient(house)
      t.equal((await call('PATCH', `/clients/${client_id}`, { name: 'Mine' })).statusCode, 409)
      const id =
        'https://client.example/with/a/long/path/that/nobody/would/think/of/and/that/goes/on/for/a/while/client.json'
      web.hosts.set('client.example', jsonHost({ client_id: id, client_name: 'A', redirect_uris: [CALLBACK] }))
      const begin = () => new Visitor(house).get(authorizeUrl(id, newVerifier()))
      t.equal((await begin()).statusCode, 200)
      const path = `/clients/${encodeURIComponent(id)}`
      t.match((await call('GET', path)).json(), { id, kind: 'metadata', authMethod: 'none' })
      t.match((await call('PATCH', path, { disabled: true })).json(), { disabled: true })
      web.hosts.set('client.example', jsonHost({ client_id: id, client_name: 'B', redirect_uris: [CALLBACK] }))
      house.clock.forward(48 * 3_600_000)
      t.equal((await begin()).statusCode, 400)
      t.match((await call('GET', path)).json(), { name: 'A', disabled: true })
    },
  )

  await t.test('a document that an operator deleted does not come back with the next request [A-CI-21]', async (t) => {
    const id = 'https://gone.example/client.json'
    web.hosts.set('gone.example', jsonHost({ client_id: id, client_name: 'G', redirect_uris: [CALLBACK] }))
    const begin = () => new Visitor(house).get(authorizeUrl(id, newVerifier()))
    t.equal((await begin()).statusCode, 200)
    t.same((await call('DELETE', `/clients/${encodeURIComponent(id)}`)).json(), { deleted: true })
    const page = await begin()
    t.equal(page.statusCode, 400)
    t.match(page.body, 'switched off')
  })

  await t.test('what is taken from a client is not given to the grants that it has already [A-CR-09]', async (t) => {
    const url = 'https://reports.example/api'
    const reports = { identifier: url, name: 'Reports', scopes: [{ name: 'reports:read', text: 'Read reports' }] }
    t.equal((await call('POST', '/resources', reports)).statusCode, 200)
    const client = await made({ ...web_app, authMethod: 'none', resources: [MCP, url] })
    const asked = new URLSearchParams({ scope: 'mcp:read reports:read' })
    const verifier = newVerifier()
    const begun = authorizeUrl(client.id, verifier, { scope: asked.get('scope') ?? '' })
    const visitor = new Visitor(house)
    await visitor.signIn()
    const page = await visitor.get(
      `${begun}&${new URLSearchParams([
        ['resource', MCP],
        ['resource', url],
      ])}`,
    )
    const back = await visitor.submit(page, { decision: 'approve' })
    const code = new URL(back.headers.location ?? '').searchParams.get('code') ?? ''
    const first = await token(house, { ...exchangeForm(client.id, code, verifier), resource: url })
    t.match(first.json(), { scope: 'reports:read' })
    t.equal((await call('PATCH', `/clients/${client.id}`, { resources: [MCP] })).statusCode, 200)
    const refresh = refreshForm(client.id, first.json().refresh_token)
    t.match((await token(house, { ...refresh, resource: url })).json(), { error: 'invalid_target' })
    t.match((await token(house, { ...refresh, resource: MCP })).json(), { scope: 'mcp:read' })
  })

  await t.test('a client for itself has scopes, resources and a tenant [A-CC-05, A-CC-06]', async (t) => {
    const service = {
      name: 'Nightly',
      authMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      scopes: ['mcp:read'],
      resources: [MCP],
      tenant: acme?.id,
    }
    const client = await made(service)
    t.match(client, { ...service, redirectUris: [] })
    const form = { grant_type: 'client_credentials', client_id: client.id, client_secret: client.secret }
    t.match((await token(house, form)).json(), { scope: 'mcp:read', token_type: 'Bearer' })
    t.match((await call('PATCH', `/clients/${client.id}`, { tenant: null, resources: null })).json(), { id: client.id })
    t.notOk('tenant' in (await call('GET', `/clients/${client.id}`)).json())
  })

  await t.test('400 for what makes no client', async (t) => {
    const key = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }
    const machine = {
      name: 'M',
      authMethod: 'client_secret_basic',
      grantTypes: ['client_credentials'],
      scopes: ['mcp:read'],
    }
    for (const [body, text] of [
      [{}, /name/],
      [{ ...web_app, name: 'a\0b' }, /name/],
      [{ ...web_app, unknown: 1 }, /unknown/i],
      [{ ...web_app, redirectUris: [] }, /redirectUris/],
      [{ ...web_app, redirectUris: ['http://a.example/cb'] }, /redirectUris/],
      [{ ...web_app, redirectUris: ['cursor://cb'] }, /redirectUris/],
      [{ ...web_app, grantTypes: ['implicit'] }, /grantTypes/],
      [{ ...web_app, grantTypes: ['refresh_token'], redirectUris: [] }, /grantTypes/],
      [{ ...web_app, authMethod: 'private_key_jwt' }, /jwks/],
      [{ ...web_app, jwks: { keys: [key] } }, /jwks/],
      [{ ...web_app, authMethod: 'private_key_jwt', jwks: { keys: [key] }, jwksUri: 'https://a.example/k' }, /jwks/],
      [{ ...web_app, authMethod: 'private_key_jwt', jwks: { keys: [{ ...key, d: 'd' }] } }, /jwks/],
      [{ ...web_app, authMethod: 'private_key_jwt', jwksUri: 'http://a.example/k' }, /jwksUri/],
      [{ ...web_app, scopes: ['mcp:read'] }, /scopes/],
      [{ ...machine, scopes: null }, /scopes/],
      [{ ...machine, scopes: ['root'] }, /scopes/],
      [{ ...machine, authMethod: 'none' }, /authMethod/],
      [{ ...machine, redirectUris: [CALLBACK] }, /redirectUris/],
      [{ ...machine, resources: ['https://other.example'] }, /resources/],
      [{ ...machine, tenant: 'ten_unknown' }, /tenant/],
    ] as const) {
      const answer = await call('POST', '/clients', body)
      t.equal(answer.statusCode, 400, JSON.stringify(body))
      t.match(answer.json().error_description, text, JSON.stringify(body))
    }
    t.equal((await call('PATCH', '/clients/cli_unknown', { disabled: true })).statusCode, 404)
    const client = await made(web_app)
    t.equal((await call('PATCH', `/clients/${client.id}`, { redirectUris: [] })).statusCode, 400)
    t.match((await call('GET', `/clients/${client.id}`)).json(), web_app, 'nothing was changed')
  })
})
