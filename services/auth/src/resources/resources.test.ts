import { decodeJwt } from 'jose'
import { test } from 'tap'
import {
  ADMIN,
  authorize,
  authorizeUrl,
  exchangeForm,
  formOf,
  MCP,
  newVerifier,
  ORIGIN,
  openHouse,
  outboxOf,
  refreshForm,
  registerClient,
  token,
  Visitor,
} from '../testing/house.ts'

const SSE = `${ORIGIN}/mcp/sse`
const API = 'https://api.example/v1'
const PATHS = {
  ...{ mcp: '/mcp', sse: '/mcp/sse', messages: '/mcp/messages', register: '/oauth/clients' },
  authorizedApps: '/settings/developer/authorized-apps',
  apiKeys: '/settings/developer/api-keys',
}
const APPS = PATHS.authorizedApps
const API_RESOURCE = {
  ...{ identifier: API, name: 'Billing API', aliases: ['https://old.example/v1'], publicKeys: [] },
  scopes: [{ name: 'bills:read', text: 'Read your bills', implies: [] }],
  ...{ defaultScopes: [], accessTokenSeconds: 120 },
}

test('the resources of a profile', async (t) => {
  const house = await openHouse(t, { profile: { paths: PATHS, resources: [API_RESOURCE] } })
  const { client_id: client } = await registerClient(house)
  const verifier = newVerifier()
  const ask = async (query: readonly (readonly [string, string])[], person = new Visitor(house)) => {
    await person.signIn()
    const url = new URL(authorizeUrl(client, verifier), ORIGIN)
    for (const [name, value] of query) url.searchParams.append(name, value)
    let page = await person.get(`${url.pathname}${url.search}`)
    if (page.body.includes('name="decision"')) page = await person.submit(page, { decision: 'approve' })
    return new URL(String(page.headers.location)).searchParams
  }
  const exchange = async (code: string | null, resource?: string) =>
    token(house, { ...exchangeForm(client, code ?? '', verifier), ...(resource === undefined ? {} : { resource }) })

  await t.test(
    'the stream of HTTP+SSE is a resource of its own with the scopes of the endpoint [A-RI-03, A-AT-05, CF-6]',
    async (t) => {
      const code = (await ask([['resource', SSE]])).get('code')
      t.match((await exchange(code, MCP)).json(), { error: 'invalid_target' }, 'what was not authorized')
      const answer = await exchange(code, `${SSE}/`)
      t.equal(decodeJwt(answer.json().access_token).aud, SSE)
      t.equal(answer.json().scope, 'mcp:read mcp:write')
      const elsewhere = { ...refreshForm(client, answer.json().refresh_token), resource: MCP }
      t.match((await token(house, elsewhere)).json(), { error: 'invalid_target' }, '[A-RF-08]')
      t.equal(
        (await token(house, refreshForm(client, answer.json().refresh_token))).statusCode,
        200,
        'and the token lives',
      )
    },
  )

  await t.test(
    'several may be authorized at once; a token is for one of them and has its scopes [A-RI-04, A-RI-05, A-AT-04, A-SC-04]',
    async (t) => {
      const both = [
        ['resource', MCP],
        ['resource', 'https://old.example/v1'],
        ['scope', 'openid mcp:read bills:read'],
      ] as const
      const code = (await ask(both)).get('code')
      t.match((await exchange(code)).json(), { error: 'invalid_target' }, 'none is named')
      const mcp = (await exchange(code, MCP)).json()
      t.match(mcp, { scope: 'openid mcp:read', expires_in: 3600 })
      const refresh = (resource: string, refresh_token: string) =>
        token(house, { ...refreshForm(client, refresh_token), resource })
      const api = (await refresh(API, mcp.refresh_token)).json()
      t.match(api, { scope: 'openid bills:read', expires_in: 120 })
      t.match(decodeJwt(api.access_token), { aud: API, scope: 'openid bills:read' })
      t.equal((await refresh(MCP, api.refresh_token)).json().scope, 'openid mcp:read', 'the grant is not shrunk')
    },
  )

  await t.test(
    'the page names each, and one that was taken back ends what was allowed together [A-CN-01, A-CN-04, A-CN-06, L22]',
    async (t) => {
      const person = new Visitor(house)
      await person.signIn('admin@acme.test')
      const { client_id: other } = await registerClient(house, { client_name: 'Two' })
      const url = `${authorizeUrl(other, verifier, { scope: 'mcp:read bills:read', resource: MCP })}&resource=${encodeURIComponent(API)}`
      const page = await person.get(url)
      for (const shown of ['Align and Billing API', MCP, API, 'Read your bills']) t.match(page.body, shown)
      const back = new URL(String((await person.submit(page, { decision: 'approve' })).headers.location))
      const form = exchangeForm(other, back.searchParams.get('code') ?? '', verifier)
      const tokens = (await token(house, { ...form, resource: MCP })).json()
      const apps = await person.get(APPS)
      t.match(apps.body, /Billing API[\s\S]*Align|Align[\s\S]*Billing API/)
      await person.post(`${APPS}/revoke`, formOf(apps.body).hidden)
      t.equal((await token(house, { ...refreshForm(other, tokens.refresh_token), resource: MCP })).statusCode, 400)
      t.match((await person.get(url)).body, 'name="decision"')
    },
  )

  await t.test(
    "scopes belong to their resource: another's are unknown there, and without a default one has to be named [A-SC-02, A-SC-03, A-SC-04]",
    async (t) => {
      t.equal(
        (
          await ask([
            ['resource', API],
            ['scope', 'mcp:read'],
          ])
        ).get('error'),
        'invalid_scope',
      )
      t.equal((await ask([['resource', API]])).get('error'), 'invalid_scope')
      t.equal(
        (
          await exchange(
            (
              await ask([
                ['resource', API],
                ['scope', 'bills:read mcp:read'],
              ])
            ).get('code'),
          )
        ).json().scope,
        'bills:read',
      )
    },
  )
})

test('the resources of an operator', async (t) => {
  const house = await openHouse(t)
  const call = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: unknown) =>
    house.server.inject({
      method,
      url: `/admin/v1${path}`,
      headers: { authorization: `Bearer ${ADMIN}` },
      ...(body === undefined ? {} : { payload: body as object }),
    })
  const good = {
    ...{ identifier: API, name: 'API', aliases: ['https://alias.example'], defaultScopes: ['r'] },
    scopes: [
      { name: 'r', text: 'Read' },
      { name: 'w', text: 'Write', implies: ['r'] },
    ],
  }
  const made = await call('POST', '/resources', good)
  const { id, secret } = made.json()

  await t.test('is registered with a secret that is shown once, listed, shown and changed [A-RI-08]', async (t) => {
    t.match(made.json(), { id: /^res_/, identifier: API, source: 'operator', credential: 'secret', tokenSeconds: 3600 })
    t.match(secret, /^[\w-]{43}$/)
    const { resources } = (await call('GET', '/resources')).json()
    const sources = resources.map((one: { identifier: string; source: string }) => `${one.source} ${one.identifier}`)
    t.ok(sources.includes(`profile ${MCP}`) && sources.includes(`operator ${API}`))
    t.notMatch(JSON.stringify(resources), secret)
    const changed = await call('PATCH', `/resources/${id}`, { tokenSeconds: 60 })
    t.match(changed.json(), {
      ...good,
      tokenSeconds: 60,
      scopes: [
        { name: 'r', implies: [] },
        { name: 'w', implies: ['r'] },
      ],
    })
    t.same((await call('GET', `/resources/${id}`)).json(), changed.json())
  })

  await t.test('400, 404, 409 for what cannot be', async (t) => {
    const bad: readonly (readonly [object, number])[] = [
      [{ identifier: 'api' }, 400],
      [{ identifier: `${API}#x` }, 400],
      [{ identifier: API.toUpperCase().replace('/V1', '/v1') }, 409],
      [{ identifier: 'https://b.example', aliases: ['https://alias.example/'] }, 409],
      [{ identifier: 'https://b.example', aliases: [`${MCP}/`] }, 409],
      [{ identifier: 'https://b.example', aliases: [], defaultScopes: ['x'] }, 400],
      [
        { identifier: 'https://b.example', aliases: [], scopes: [{ name: 'openid', text: 'x' }], defaultScopes: [] },
        400,
      ],
      [{ identifier: 'https://b.example', aliases: [], scopes: [...good.scopes, ...good.scopes] }, 400],
      [{ identifier: 'https://b.example', aliases: [], scopes: [{ name: 'a b', text: 'x' }], defaultScopes: [] }, 400],
      [{ identifier: 'https://b.example', aliases: [], keys: [{ kty: 'oct', k: 'x' }] }, 400],
      [{ identifier: 'https://b.example', aliases: [], keys: [{ kty: 'EC', d: 'x' }] }, 400],
    ]
    for (const [changes, status] of bad)
      t.equal((await call('POST', '/resources', { ...good, ...changes })).statusCode, status, JSON.stringify(changes))
    t.equal((await call('GET', '/resources/res_unknown')).statusCode, 404)
    t.equal((await call('PATCH', '/resources/res_unknown', { name: 'x' })).statusCode, 404)
    t.equal((await call('POST', '/resources/res_unknown/credential', {})).statusCode, 404)
    const all: { id: string; identifier: string }[] = (await call('GET', '/resources')).json().resources
    const own = all.find(({ identifier }) => identifier === MCP)
    t.equal((await call('PATCH', `/resources/${own?.id}`, { name: 'x' })).statusCode, 409)
    t.equal((await call('DELETE', `/resources/${own?.id}`)).statusCode, 409)
    t.equal(
      (await call('POST', `/resources/${own?.id}/credential`, {})).statusCode,
      200,
      "its credential is the operator's",
    )
  })

  await t.test('of several registrations of one name at once one is made', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        call('POST', '/resources', { ...good, identifier: 'https://race.example', aliases: [] }),
      ),
    )
    t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, ...Array.from({ length: 7 }, () => 409)])
  })

  await t.test(
    'grants are listed by tenant, person and client; the end of a resource ends them and every node is told',
    async (t) => {
      const { client_id: client } = await registerClient(house)
      const verifier = newVerifier()
      const code = (await authorize(house, client, verifier, { resource: API })).get('code') ?? ''
      const tokens = (await token(house, exchangeForm(client, code, verifier))).json()
      const { sub, tenant_id, grant_id } = decodeJwt(tokens.access_token)
      const grants = async (query = '') => (await call('GET', `/grants${query}`)).json().grants
      const [listed] = await grants(`?tenant=${tenant_id}&person=${sub}&client=${client}`)
      t.match(listed, {
        ...{ id: grant_id, tenant: tenant_id, person: { id: sub, email: 'member@acme.test' }, scopes: ['r'] },
        ...{ client: { id: client, name: 'Test client' }, resources: [API], createdAt: String, usedAt: String },
      })
      for (const query of ['?tenant=ten_x', '?person=per_x', '?client=cli_x', `?after=${grant_id}`])
        t.same(await grants(query), [], query)
      t.equal((await call('GET', '/grants?limit=0')).statusCode, 400)
      t.same((await call('DELETE', `/resources/${id}`)).json(), { removed: true, grantsEnded: 1 })
      t.match((await outboxOf(house.db)).at(-1), { event: { data: { grant: grant_id, reason: 'resource.removed' } } })
      t.match((await token(house, refreshForm(client, tokens.refresh_token))).json(), { error: 'invalid_grant' })
      t.same(await grants(), [])
      const person = new Visitor(house)
      await person.signIn()
      t.match((await person.get(authorizeUrl(client, verifier, { resource: API }))).headers.location, 'invalid_target')
    },
  )
})
