import { test } from 'tap'
import { authorizeUrl, MCP, newVerifier, ORIGIN, openHouse, registerClient, token, Visitor } from '../testing/house.ts'

const SSE = `${ORIGIN}/mcp/sse`
const API = `${ORIGIN}/api`

test('where MCP takes API keys alone, no token is issued for its endpoints; for other resources there are some [U11]', async (t) => {
  const house = await openHouse(t, {
    profile: {
      credentials: ['api-key'],
      grants: ['authorization_code', 'refresh_token', 'client_credentials'],
      paths: {
        ...{ mcp: '/mcp', sse: '/mcp/sse', messages: '/mcp/messages', register: '/oauth/clients' },
        ...{ authorizedApps: '/settings/apps', apiKeys: '/settings/api-keys' },
      },
      resources: [
        {
          ...{ identifier: '/api', name: 'API', aliases: [], publicKeys: [] },
          ...{ scopes: [{ name: 'api:read', text: 'Read', implies: [] }], defaultScopes: ['api:read'] },
        },
      ],
    },
  })
  const { client_id: client } = await registerClient(house)
  const person = new Visitor(house)
  await person.signIn()
  const ask = async (...resources: readonly string[]) => {
    const url = new URL(authorizeUrl(client, newVerifier()), ORIGIN)
    url.searchParams.delete('scope')
    url.searchParams.delete('resource')
    for (const resource of resources) url.searchParams.append('resource', resource)
    const page = await person.get(`${url.pathname}${url.search}`)
    return page.statusCode === 200 ? 'asked' : new URL(String(page.headers.location)).searchParams.get('error')
  }
  t.equal(await ask(API), 'asked')
  for (const resources of [[MCP], [`${MCP}/`], [SSE], [ORIGIN], [API, MCP], []])
    t.equal(await ask(...resources), 'invalid_target', resources.join(' and ') || 'none named')

  const made = await house.server.inject({
    method: 'POST',
    url: '/admin/v1/clients',
    headers: { authorization: 'Bearer operator-token-for-tests' },
    payload: {
      ...{ name: 'Job', authMethod: 'client_secret_post', grantTypes: ['client_credentials'] },
      ...{ scopes: ['api:read', 'mcp:read'], redirectUris: [] },
    },
  })
  t.equal(made.statusCode, 200, made.body)
  const { id, secret } = made.json()
  const job = (form: Record<string, string>) =>
    token(house, { grant_type: 'client_credentials', client_id: id, client_secret: secret, ...form })
  t.equal((await job({ resource: API })).statusCode, 200)
  t.match((await job({ resource: MCP })).json(), { error: 'invalid_target' })
  t.match((await job({})).json(), { error: 'invalid_target' }, 'it has to name one')
})
