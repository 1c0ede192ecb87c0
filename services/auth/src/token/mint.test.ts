import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose'
import { test } from 'tap'
import { connect, MCP, ORIGIN, openHouse, refreshForm, token } from '../testing/house.ts'

test('access tokens', async (t) => {
  const house = await openHouse(t)
  const before = Math.floor(house.clock.now() / 1_000)
  const tokens = await connect(house, { scope: 'openid profile email mcp:read offline_access' })
  const refreshed = (await token(house, refreshForm(tokens.client, tokens.refresh_token))).json()

  await t.test(
    'are what RFC 9068 asks for, and no more is told of the person [A-AT-01, A-AT-02, A-AT-04, A-AT-09, A-TE-11]',
    async (t) => {
      const keys = createLocalJWKSet((await house.auth.jwks()) as Parameters<typeof createLocalJWKSet>[0])
      const { payload, protectedHeader } = await jwtVerify(tokens.access_token, keys, { issuer: ORIGIN, audience: MCP })
      t.same(Object.keys(protectedHeader).sort(), ['alg', 'kid', 'typ'])
      t.match(protectedHeader, { typ: 'at+jwt', alg: 'ES256', kid: String })
      const names = [
        'aud',
        'auth_time',
        'client_id',
        'exp',
        'grant_id',
        'iat',
        'iss',
        'jti',
        'roles',
        'scope',
        'sub',
        'tenant_id',
      ]
      t.same(Object.keys(payload).sort(), names)
      t.match(payload, {
        aud: MCP,
        client_id: tokens.client,
        scope: 'openid profile email mcp:read',
        roles: ['member'],
      })
      t.equal((payload.exp ?? 0) - (payload.iat ?? 0), 3600)
      t.ok(Number(payload.auth_time) >= before - 1)
    },
  )

  await t.test(
    'are each their own, say when the person signed in, and are small [A-AT-06, A-AT-11, A-AT-12, A-RF-01]',
    async (t) => {
      house.clock.forward(60_000)
      const again = (await token(house, refreshForm(tokens.client, refreshed.refresh_token))).json()
      const [first, second] = [decodeJwt(tokens.access_token), decodeJwt(again.access_token)]
      t.not(first.jti, second.jti)
      t.equal(first.auth_time, second.auth_time, 'also after a refresh')
      t.equal(first.grant_id, second.grant_id)
      t.ok(tokens.access_token.length < 4_096)
      t.equal(new Set([tokens.refresh_token, refreshed.refresh_token, again.refresh_token]).size, 3)
    },
  )

  await t.test(
    "come with an ID token that stays the same person's, for the client and no resource [A-OI-01, A-OI-05, A-AT-10, A-TR-07]",
    async (t) => {
      const [first, second] = [decodeJwt(tokens.id_token ?? ''), decodeJwt(refreshed.id_token)]
      t.match(first, { iss: ORIGIN, aud: tokens.client, name: 'Mei Tanaka', email: 'member@acme.test' })
      for (const name of ['sub', 'aud', 'auth_time']) t.equal(first[name], second[name], name)
      t.equal(decodeProtectedHeader(tokens.id_token ?? '').typ, 'JWT')
      t.notOk(Object.values(refreshed).includes(null))
      t.same(await house.auth.introspect(tokens.id_token ?? ''), { active: false })
    },
  )
})
