import * as oauth from 'oauth4webapi'
import { test } from 'tap'
import { ADMIN, CALLBACK, MCP, ORIGIN, openHouse, Visitor } from '../testing/house.ts'
import {
  connectStrictly,
  discover,
  fetchOf,
  goTo,
  redeem,
  refreshWith,
  refusedWith,
  register,
  visit,
} from '../testing/strict-client.ts'

test('oauth4webapi finds every answer to the letter', async (t) => {
  const house = await openHouse(t, { profile: { refreshRetrySeconds: 120 } })
  const fetch = fetchOf(house)
  const options = { [oauth.customFetch]: fetch }

  await t.test(
    'discovery of both kinds, with an issuer that is equal to the character [A-DM-01, A-DM-03, S-LA-02]',
    async (t) => {
      const [one, other] = [await discover(fetch, 'oidc'), await discover(fetch, 'oauth2')]
      t.same(one, other)
      t.equal(one.issuer, ORIGIN)
      t.equal(one.authorization_response_iss_parameter_supported, true)
    },
  )

  await t.test(
    'an access token is one of RFC 9068 to a resource server that is strict about it [A-AT-01, A-AT-02, A-AT-03, A-AT-05]',
    async (t) => {
      const of = await register(fetch)
      const tokens = await connectStrictly(of, new Visitor(house))
      const request = (bearer: string) => new Request(MCP, { headers: { authorization: `Bearer ${bearer}` } })
      const claims = await oauth.validateJwtAccessToken(of.as, request(tokens.access_token), MCP, options)
      t.match(claims, { client_id: of.client.client_id, aud: MCP, scope: 'openid mcp:read mcp:write' })
      t.equal(claims.sub, oauth.getValidatedIdTokenClaims(tokens)?.sub)
      await t.rejects(oauth.validateJwtAccessToken(of.as, request(tokens.access_token), `${ORIGIN}/api`, options))
      await t.rejects(
        oauth.validateJwtAccessToken(of.as, request(tokens.id_token ?? ''), of.client.client_id, options),
        'an ID token is none',
      )
    },
  )

  await t.test(
    'registration and its management: what was registered is told, read, replaced and removed [A-DR-01, A-DR-02, A-DC-01, A-DC-02, A-DC-03]',
    async (t) => {
      const of = await register(fetch, { token_endpoint_auth_method: 'client_secret_basic' }, (client) =>
        oauth.ClientSecretBasic(String(client.client_secret)),
      )
      t.match(of.client, { client_secret_expires_at: 0, redirect_uris: [CALLBACK], response_types: ['code'] })
      const place = new URL(String(of.client.registration_client_uri))
      let bearer = String(of.client.registration_access_token)
      const manage = (method: string, body?: object) =>
        oauth.protectedResourceRequest(
          bearer,
          method,
          place,
          new Headers(body === undefined ? {} : { 'content-type': 'application/json' }),
          body === undefined ? null : JSON.stringify(body),
          options,
        )
      t.match(await (await manage('GET')).json(), { client_id: of.client.client_id, client_name: 'Strict client' })
      const { client_id } = of.client
      const face = { client_id, client_name: 'Renamed', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' }
      const changed = (await (await manage('PUT', face)).json()) as oauth.Client
      t.match(changed, face)
      t.equal(await refusedWith(manage('GET')), '401 bearer invalid_token', 'the old token')
      bearer = String(changed.registration_access_token)
      t.equal(await refusedWith(refreshWith(of, 'x')), '401 basic', 'it has no secret any more')
      const now = { ...of, proof: oauth.None() }
      const tokens = await connectStrictly(now, new Visitor(house), { scope: 'mcp:read' })
      t.equal((await manage('DELETE')).status, 204)
      t.equal(await refusedWith(manage('GET')), '401 bearer invalid_token')
      t.equal(await refusedWith(refreshWith(now, tokens.refresh_token ?? '')), '401 invalid_client')
      const wrong = register(fetch, { redirect_uris: ['http://client.example/callback'] })
      t.equal(await refusedWith(wrong), '400 invalid_redirect_uri')
      t.equal(await refusedWith(register(fetch, { response_types: ['token'] })), '400 invalid_client_metadata')
    },
  )

  await t.test(
    'a pushed request is 201 with a reference, or refused as JSON [A-PA-01, A-PA-02, A-PA-03, A-PA-04]',
    async (t) => {
      const of = await register(fetch)
      const going = await goTo(of)
      const push = async (parameters: URLSearchParams) =>
        oauth.processPushedAuthorizationResponse(
          of.as,
          of.client,
          await oauth.pushedAuthorizationRequest(of.as, of.client, of.proof, parameters, options),
        )
      const { request_uri, expires_in } = await push(going.url.searchParams)
      t.ok(expires_in >= 5 && expires_in <= 600)
      const url = new URL(of.as.authorization_endpoint ?? '')
      url.search = String(new URLSearchParams({ client_id: of.client.client_id, request_uri }))
      const callback = await visit(url, new Visitor(house))
      t.ok((await redeem(of, going, callback)).id_token)
      await t.rejects(visit(url, new Visitor(house)), /no way back: 400/, 'once')
      const again = new URLSearchParams(going.url.searchParams)
      again.set('request_uri', request_uri)
      t.equal(await refusedWith(push(again)), '400 invalid_request')
    },
  )

  await t.test(
    'a code is good once: the second time is refused and ends what the first gave [A-AC-02, A-AC-03]',
    async (t) => {
      const of = await register(fetch)
      const going = await goTo(of)
      const callback = await visit(going.url, new Visitor(house))
      const tokens = await redeem(of, going, callback)
      t.equal(await refusedWith(redeem(of, going, callback)), '400 invalid_grant')
      t.equal(await refusedWith(refreshWith(of, tokens.refresh_token ?? '')), '400 invalid_grant')
      const wrong = { ...going, verifier: oauth.generateRandomCodeVerifier() }
      const next = await visit(going.url, new Visitor(house))
      t.equal(await refusedWith(redeem(of, wrong, next)), '400 invalid_grant', 'another verifier')
      t.ok((await redeem(of, going, next)).access_token, 'and its owner can still have it')
    },
  )

  await t.test(
    'an answer of another issuer, without an issuer or with another state is not taken: ours has both once [A-AR-01, A-AR-02, A-AR-03, CF-7]',
    async (t) => {
      const of = await register(fetch)
      const going = await goTo(of)
      const callback = await visit(going.url, new Visitor(house))
      for (const name of ['code', 'state', 'iss']) t.equal(callback.searchParams.getAll(name).length, 1, name)
      for (const change of [
        (query: URLSearchParams) => query.delete('iss'),
        (query: URLSearchParams) => query.set('iss', `${ORIGIN}/`),
        (query: URLSearchParams) => query.set('state', 'another'),
      ]) {
        const changed = new URL(callback)
        change(changed.searchParams)
        await t.rejects(redeem(of, going, changed))
      }
      t.ok((await redeem(of, going, callback)).access_token)
    },
  )

  await t.test(
    'introspection by a resource with a key, revocation, UserInfo [A-IN-01, A-IN-03, A-RV-02, A-RV-04, A-OI-02]',
    async (t) => {
      const pair = await oauth.generateKeyPair('ES256', { extractable: true })
      const jwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'r1' }
      const headers = { authorization: `Bearer ${ADMIN}` }
      const own = 'https://own.example'
      const scopes = [{ name: 'own:read', text: 'Read' }]
      const payload = { identifier: own, name: 'Own', scopes, defaultScopes: ['own:read'], keys: [jwk] }
      const made = await house.server.inject({ method: 'POST', url: '/admin/v1/resources', headers, payload })
      const asking = { client_id: made.json().id }
      const proof = oauth.PrivateKeyJwt({ key: pair.privateKey, kid: 'r1' })
      const of = await register(fetch)
      const going = await goTo(of, { resource: own, scope: 'own:read' })
      const parameters = oauth.validateAuthResponse(
        of.as,
        of.client,
        await visit(going.url, new Visitor(house)),
        going.state,
      )
      const answer = await oauth.authorizationCodeGrantRequest(
        of.as,
        of.client,
        of.proof,
        parameters,
        CALLBACK,
        going.verifier,
        options,
      )
      const tokens = await oauth.processAuthorizationCodeResponse(of.as, of.client, answer)
      const worth = async () =>
        oauth.processIntrospectionResponse(
          of.as,
          asking,
          await oauth.introspectionRequest(of.as, asking, proof, tokens.access_token, options),
        )
      t.match(await worth(), { active: true, aud: own, client_id: of.client.client_id, scope: 'own:read' })
      const revoke = async (token: string) =>
        oauth.processRevocationResponse(await oauth.revocationRequest(of.as, of.client, of.proof, token, options))
      await revoke('never was one')
      t.equal((await worth()).active, true)
      await revoke(tokens.refresh_token ?? '')
      t.same(await worth(), { active: false })
      const openid = await connectStrictly(of, new Visitor(house), { scope: 'openid email mcp:read' })
      const { sub = '' } = oauth.getValidatedIdTokenClaims(openid) ?? {}
      const told = await oauth.userInfoRequest(of.as, of.client, openid.access_token, options)
      t.match(await oauth.processUserInfoResponse(of.as, of.client, sub, told), { sub, email: 'member@acme.test' })
      const narrow = await connectStrictly(of, new Visitor(house), { scope: 'mcp:read' })
      const refused = await oauth.userInfoRequest(of.as, of.client, narrow.access_token, options)
      const read = oauth.processUserInfoResponse(of.as, of.client, oauth.skipSubjectCheck, refused)
      t.equal(await refusedWith(read), '403 bearer insufficient_scope')
    },
  )

  await t.test(
    'a refresh may ask for less, never for more, and the next has all again [A-RF-07, A-TR-04, CF-3]',
    async (t) => {
      const of = await register(fetch)
      const tokens = await connectStrictly(of, new Visitor(house), { scope: 'mcp:read mcp:write offline_access' })
      const narrow = await refreshWith(of, tokens.refresh_token ?? '', { scope: 'mcp:read offline_access' })
      t.equal(narrow.scope, 'mcp:read offline_access')
      t.equal(
        await refusedWith(refreshWith(of, narrow.refresh_token ?? '', { scope: 'mcp:read email' })),
        '400 invalid_scope',
      )
      t.equal((await refreshWith(of, narrow.refresh_token ?? '')).scope, 'mcp:read mcp:write offline_access')
    },
  )
})
