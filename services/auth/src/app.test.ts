import { Secret } from '@gatehouse/config'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { test } from 'tap'
import { connect, MCP, ORIGIN, openHouse, refreshForm, token } from './testing/house.ts'

test('a client registers, a person allows it, and it holds tokens for the MCP resource [A-AT-01, A-AT-02, A-AT-03]', async (t) => {
  const house = await openHouse(t)
  const tokens = await connect(house)
  t.match(decodeProtectedHeader(tokens.access_token), { typ: 'at+jwt', alg: 'ES256', kid: String })
  const member = house.tenants[0]?.people.find((person) => person.email === 'member@acme.test')
  t.match(decodeJwt(tokens.access_token), {
    iss: ORIGIN,
    sub: member?.id,
    aud: MCP,
    client_id: tokens.client,
    scope: 'mcp:read mcp:write',
    tenant_id: house.tenants[0]?.id,
    roles: ['member'],
    grant_id: /^gra_/,
    jti: String,
    auth_time: Number,
  })
  const refreshed = await token(house, refreshForm(tokens.client, tokens.refresh_token))
  t.equal(refreshed.statusCode, 200)
  t.not(refreshed.json().refresh_token, tokens.refresh_token)
})

test('a service that anybody could operate does not start', async (t) => {
  for (const adminToken of ['', 'short', 'fifteen letters']) {
    await t.rejects(openHouse(t, { deps: { adminToken: new Secret(adminToken) } }), TypeError)
  }
})

test('a service that would be reached without TLS from elsewhere does not start [A-TP-01]', async (t) => {
  await t.rejects(openHouse(t, { deps: { publicUrl: 'http://align.example' } }), /must be https/)
})
