import { createTokenVerifier, localJwks } from '@gatehouse/token'
import { decodeProtectedHeader } from 'jose'
import * as oauth from 'oauth4webapi'
import { test } from 'tap'
import { ADMIN, connect, MCP, ORIGIN, openHouse, refreshForm, token } from '../testing/house.ts'
import { discover, fetchOf } from '../testing/strict-client.ts'

test('access tokens in RS256, for resource servers that know nothing else; ID tokens are so always [A-JK-02, A-AT-01, A-AT-10]', async (t) => {
  const house = await openHouse(t, { deps: { accessTokenAlgorithm: 'RS256' } })
  const tokens = await connect(house, { scope: 'openid mcp:read' })
  for (const [one, typ] of [
    [tokens.access_token, 'at+jwt'],
    [tokens.id_token ?? '', 'JWT'],
  ] as const)
    t.match(decodeProtectedHeader(one), { alg: 'RS256', typ, kid: String })
  const { keys } = await house.auth.jwks()
  t.match(keys, [
    { kty: 'RSA', alg: 'RS256', use: 'sig' },
    { kty: 'RSA', alg: 'RS256', use: 'sig' },
  ])
  t.equal(new Set(keys.map(({ kid }) => kid)).size, 2)
  for (const key of keys) t.same(Object.keys(key).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])

  const as = await discover(fetchOf(house))
  const request = (bearer = '') => new Request(MCP, { headers: { authorization: `Bearer ${bearer}` } })
  const options = { [oauth.customFetch]: fetchOf(house), signingAlgorithms: ['RS256'] }
  t.match(await oauth.validateJwtAccessToken(as, request(tokens.access_token), MCP, options), { aud: MCP })
  await t.rejects(oauth.validateJwtAccessToken(as, request(tokens.id_token), tokens.client, options))

  const jwks = localJwks(() => house.auth.jwks())
  const verifier = createTokenVerifier({ jwks, issuers: [ORIGIN], audiences: [MCP], clock: house.clock })
  t.equal((await verifier.verify(tokens.access_token)).ok, true)
  t.equal((await verifier.verify(tokens.id_token ?? '')).ok, false)
  t.equal((await house.auth.introspect(tokens.access_token)).active, true)
  t.equal((await house.auth.introspect(tokens.id_token ?? '')).active, false)
})

test('a ring goes over to the other algorithm with its next key, and what was signed before stays good [A-JK-02, A-JK-03]', async (t) => {
  const before = await openHouse(t)
  const old = await connect(before)
  const house = await openHouse(t, { host: before.host, deps: { accessTokenAlgorithm: 'RS256' } })
  const refreshed = (await token(house, refreshForm(old.client, old.refresh_token))).json()
  t.equal(decodeProtectedHeader(refreshed.access_token).alg, 'ES256', 'not before there is a key for it')
  const answer = await house.server.inject({
    ...{ method: 'POST', url: '/admin/v1/keyrings/access/rotate', payload: {} },
    headers: { authorization: `Bearer ${ADMIN}` },
  })
  t.equal(answer.statusCode, 200)
  house.clock.forward(16 * 60_000)
  const fresh = (await token(house, refreshForm(old.client, refreshed.refresh_token))).json()
  t.equal(decodeProtectedHeader(fresh.access_token).alg, 'RS256')
  for (const one of [old.access_token, refreshed.access_token, fresh.access_token])
    t.equal((await house.auth.introspect(one)).active, true)
  t.same(new Set((await house.auth.jwks()).keys.map(({ alg }) => alg)), new Set(['ES256', 'RS256']))
})
