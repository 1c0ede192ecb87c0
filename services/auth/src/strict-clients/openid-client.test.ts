import * as client from 'openid-client'
import { test } from 'tap'
import { ADMIN, CALLBACK, MCP, ORIGIN, openHouse, registerClient, Visitor } from '../testing/house.ts'
import { fetchOf, type Manners, refusedWith, visit } from '../testing/strict-client.ts'

const ISSUER = new URL(ORIGIN)
const API = `${ORIGIN}/api`
const SIGNED_OUT = 'https://client.example/signed-out'
const OAUTH = '/.well-known/oauth-authorization-server'
const OPENID = '/.well-known/openid-configuration'
const API_RESOURCE = {
  ...{ identifier: '/api', name: 'API', aliases: [], defaultScopes: [], publicKeys: [] },
  scopes: [{ name: 'api:read', text: 'Read', implies: [] }],
}
const CODE = ['authorization_code', 'refresh_token'] as const
const METADATA = {
  client_name: 'Strict client',
  redirect_uris: [CALLBACK],
  grant_types: [...CODE],
  response_types: ['code'],
  post_logout_redirect_uris: [SIGNED_OUT],
}

test('openid-client in its strictest ways goes through every flow', async (t) => {
  const house = await openHouse(t, {
    profile: { grants: [...CODE, 'client_credentials'], resources: [API_RESOURCE], refreshRetrySeconds: 120 },
  })
  const fetch = fetchOf(house)
  const reaching = { [client.customFetch]: fetch }
  const keys = await client.randomDPoPKeyPair('ES256', { extractable: true })
  const jwk = { ...(await crypto.subtle.exportKey('jwk', keys.publicKey)), alg: 'ES256', use: 'sig', kid: 'one' }
  const byKey = () => client.PrivateKeyJwt({ key: keys.privateKey, kid: 'one' })
  /** Ways to prove oneself: what is registered, and how it is then done. */
  const ways: Record<string, readonly [metadata: object, proof: () => client.ClientAuth | undefined]> = {
    none: [{}, client.None],
    client_secret_basic: [{}, () => client.ClientSecretBasic()],
    client_secret_post: [{}, () => client.ClientSecretPost()],
    private_key_jwt: [{ jwks: { keys: [jwk] } }, byKey],
  }
  const register = async (way = 'none', changes: object = {}): Promise<client.Configuration> => {
    const [metadata, proof] = ways[way] ?? [{}, client.None]
    const wanted = { ...METADATA, token_endpoint_auth_method: way, ...metadata, ...changes }
    const config = await client.dynamicClientRegistration(ISSUER, wanted, proof(), reaching)
    client.enableNonRepudiationChecks(config)
    return config
  }
  interface Wish {
    readonly changes?: Record<string, string>
    readonly resources?: readonly string[]
    readonly pushed?: boolean
    readonly maxAge?: number
    readonly visitor?: Visitor
    readonly manners?: Manners
  }
  const signIn = async (config: client.Configuration, wish: Wish = {}) => {
    const { changes = {}, resources = [MCP], pushed = false, maxAge, visitor = new Visitor(house), manners } = wish
    const pkceCodeVerifier = client.randomPKCECodeVerifier()
    const [expectedState, expectedNonce] = [client.randomState(), client.randomNonce()]
    const asked = new URLSearchParams({
      ...{ redirect_uri: CALLBACK, scope: 'openid email mcp:read', state: expectedState, nonce: expectedNonce },
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
      ...(maxAge === undefined ? {} : { max_age: String(maxAge) }),
      ...changes,
    })
    for (const resource of resources) asked.append('resource', resource)
    const url = pushed
      ? await client.buildAuthorizationUrlWithPAR(config, asked)
      : client.buildAuthorizationUrl(config, asked)
    const openid = asked.get('scope')?.split(' ').includes('openid') === true
    const callback = await visit(url, visitor, manners)
    return client.authorizationCodeGrant(
      config,
      callback,
      {
        ...{ pkceCodeVerifier, expectedState },
        ...(openid ? { expectedNonce, idTokenExpected: true } : {}),
        ...(maxAge === undefined ? {} : { maxAge }),
      },
      { resource: resources[0] ?? MCP },
    )
  }

  await t.test(
    'discovery: one document at every place, whose issuer is the one that was asked and no other [A-DM-01, A-DM-02, A-DM-03]',
    async (t) => {
      for (const algorithm of ['oidc', 'oauth2'] as const) {
        const config = await client.discovery(ISSUER, 'x', undefined, undefined, { ...reaching, algorithm })
        t.equal(config.serverMetadata().issuer, ORIGIN)
        t.ok(config.serverMetadata().supportsPKCE())
      }
      for (const path of [OAUTH, OPENID].flatMap((place) => [place, `${place}/mcp`, `/mcp${place}`])) {
        const config = await client.discovery(new URL(path, ORIGIN), 'x', undefined, undefined, reaching)
        t.equal(config.serverMetadata().issuer, ORIGIN, path)
      }
      const elsewhere = client.discovery(new URL(MCP), 'x', undefined, undefined, reaching)
      await t.rejects(elsewhere, { code: 'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED' }, 'the endpoint is no issuer')
    },
  )

  for (const way of Object.keys(ways)) {
    await t.test(
      `${way}: registration, a pushed request, the code, ID token, UserInfo, refresh, revocation [A-CR-01, A-PA-01, A-OI-01, A-OI-02, A-RV-01]`,
      async (t) => {
        const config = await register(way)
        t.equal(config.clientMetadata().client_secret !== undefined, way.startsWith('client_secret'))
        for (const pushed of [false, true]) {
          const tokens = await signIn(config, { pushed, changes: { scope: 'openid email mcp:read offline_access' } })
          t.match(tokens, { token_type: 'bearer', scope: 'openid email mcp:read offline_access' })
          t.type(tokens.expires_in, 'number')
          const claims = tokens.claims()
          t.match(claims, { iss: ORIGIN, aud: config.clientMetadata().client_id, email: 'member@acme.test' })
          const told = await client.fetchUserInfo(config, tokens.access_token, claims?.sub ?? '')
          t.equal(told.email, 'member@acme.test')
          const fresh = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', { resource: MCP })
          t.not(fresh.refresh_token, tokens.refresh_token)
          t.equal(fresh.claims()?.sub, claims?.sub)
          await client.tokenRevocation(config, fresh.access_token)
          const dead = client.refreshTokenGrant(config, fresh.refresh_token ?? '')
          t.equal(await refusedWith(dead), '400 invalid_grant')
          const gone = client.fetchUserInfo(config, fresh.access_token, claims?.sub ?? '')
          t.equal(await refusedWith(gone), '401 bearer invalid_token')
          await client.tokenRevocation(config, fresh.refresh_token ?? '', { token_type_hint: 'refresh_token' })
        }
      },
    )
  }

  await t.test('one that cannot prove itself is told so, in each way [A-TE-05, A-TE-06]', async (t) => {
    for (const way of ['client_secret_basic', 'client_secret_post', 'private_key_jwt']) {
      const { client_id } = (await register(way)).clientMetadata()
      const stranger = await client.randomDPoPKeyPair('ES256')
      const proofs = [
        client.None(),
        client.ClientSecretPost('wrong'),
        client.PrivateKeyJwt({ key: stranger.privateKey, kid: 'one' }),
      ]
      for (const proof of proofs) {
        const config = await client.discovery(ISSUER, client_id, undefined, proof, reaching)
        t.equal(await refusedWith(client.refreshTokenGrant(config, 'x')), '401 invalid_client', way)
      }
      const basic = client.ClientSecretBasic('wrong')
      const config = await client.discovery(ISSUER, client_id, undefined, basic, reaching)
      t.equal(await refusedWith(client.refreshTokenGrant(config, 'x')), '401 basic', way)
    }
  })

  await t.test(
    'resource indicators: several are allowed together, a token is for one, the next for another [A-RI-01, A-RI-04, A-RI-05, A-RF-08]',
    async (t) => {
      const config = await register()
      const changes = { scope: 'mcp:read api:read' }
      const tokens = await signIn(config, { resources: [MCP, API], changes, pushed: true })
      t.equal(tokens.scope, 'mcp:read')
      const api = await client.refreshTokenGrant(config, tokens.refresh_token ?? '', { resource: API })
      t.equal(api.scope, 'api:read')
      const outside = { resource: 'https://elsewhere.example' }
      const refused = client.refreshTokenGrant(config, api.refresh_token ?? '', outside)
      t.equal(await refusedWith(refused), '400 invalid_target')
      const both = new URLSearchParams([
        ['resource', MCP],
        ['resource', API],
      ])
      t.equal(
        await refusedWith(client.refreshTokenGrant(config, api.refresh_token ?? '', both)),
        '400 invalid_target',
        'one audience a token',
      )
    },
  )

  await t.test(
    'step-up: the union is asked, the new is shown, the old is kept, and the next time nobody is asked [A-SC-05, A-CN-04]',
    async (t) => {
      const config = await register()
      const visitor = new Visitor(house)
      const shown: string[] = []
      const manners = { shown }
      const first = await signIn(config, { visitor, manners, changes: { scope: 'mcp:read' } })
      t.equal(first.scope, 'mcp:read')
      t.same(shown.splice(0), ['sign-in', 'consent'])
      const more = await signIn(config, { visitor, manners, changes: { scope: 'mcp:read mcp:write' } })
      t.equal(more.scope, 'mcp:read mcp:write')
      t.same(shown.splice(0), ['consent'])
      const again = await signIn(config, { visitor, manners, changes: { scope: 'mcp:read mcp:write', prompt: 'none' } })
      t.equal(again.scope, 'mcp:read mcp:write')
      t.same(shown, [], 'silently')
      t.equal(
        (await client.refreshTokenGrant(config, first.refresh_token ?? '')).scope,
        'mcp:read',
        'and the first lives',
      )
    },
  )

  await t.test('prompt, max_age and login_hint do what they say [A-AZ-09, A-OI-03, CF-9]', async (t) => {
    const config = await register()
    const visitor = new Visitor(house)
    const silently = { visitor, changes: { prompt: 'none' } }
    t.equal(await refusedWith(signIn(config, silently)), 'login_required')
    const shown: string[] = []
    const manners = { shown }
    await visitor.signIn()
    t.equal(await refusedWith(signIn(config, silently)), 'consent_required')
    await signIn(config, { visitor, manners })
    await signIn(config, { visitor, manners, changes: { prompt: 'consent' } })
    t.same(shown.splice(0), ['consent', 'consent'])
    await signIn(config, { visitor, manners, changes: { prompt: 'login' } })
    await signIn(config, { visitor, manners, changes: { prompt: 'select_account' } })
    t.same(shown.splice(0), ['sign-in', 'sign-in'])
    t.ok((await signIn(config, { ...silently, maxAge: 600 })).claims()?.auth_time)
    const before = house.clock.now()
    t.ok(Number((await signIn(config, { visitor, manners, maxAge: 0 })).claims()?.auth_time) * 1_000 >= before - 1_000)
    t.same(shown.splice(0), ['sign-in'])
    const asked = {
      ...{ redirect_uri: CALLBACK, scope: 'mcp:read', login_hint: 'viewer@acme.test' },
      code_challenge: 'c'.repeat(43),
    }
    const url = client.buildAuthorizationUrl(config, { ...asked, code_challenge_method: 'S256' })
    t.match((await new Visitor(house).get(`${url.pathname}${url.search}`)).body, 'value="viewer@acme.test"')
    t.equal(
      await refusedWith(signIn(config, { visitor, changes: { prompt: 'consent' }, manners: { decision: 'deny' } })),
      'access_denied',
    )
  })

  await t.test(
    'refresh with a retry window: a repeat brings the same successor, later ones end the family [A-RF-01, A-RF-02, A-RF-03]',
    async (t) => {
      const config = await register()
      const first = await signIn(config, { changes: { scope: 'mcp:read' } })
      const refresh = async (token = '') => client.refreshTokenGrant(config, token)
      const second = await refresh(first.refresh_token)
      t.equal((await refresh(first.refresh_token)).refresh_token, second.refresh_token)
      house.clock.forward(121_000)
      t.equal(await refusedWith(refresh(first.refresh_token)), '400 invalid_grant')
      t.equal(await refusedWith(refresh(second.refresh_token)), '400 invalid_grant')
      house.clock.forward(-121_000)
    },
  )

  const admin = async (path: string, body: object) => {
    const headers = { authorization: `Bearer ${ADMIN}` }
    const answer = await house.server.inject({ method: 'POST', url: `/admin/v1${path}`, headers, payload: body })
    if (answer.statusCode !== 200) throw new Error(answer.body)
    return answer.json()
  }

  await t.test(
    'client_credentials: by secret in both places and by key, for what it may have [A-CC-01, A-CC-02, A-CC-03, A-CC-04, A-CC-06]',
    async (t) => {
      const base = { redirectUris: [], grantTypes: ['client_credentials'], scopes: ['api:read'], resources: [API] }
      for (const [way, proofOf] of Object.entries({
        client_secret_basic: client.ClientSecretBasic,
        client_secret_post: client.ClientSecretPost,
        private_key_jwt: byKey,
      })) {
        const jwks = way === 'private_key_jwt' ? { jwks: { keys: [jwk] } } : {}
        const made = await admin('/clients', { ...base, name: way, authMethod: way, ...jwks })
        const config = await client.discovery(ISSUER, made.id, undefined, proofOf(made.secret), reaching)
        const { grant_types_supported, token_endpoint_auth_methods_supported } = config.serverMetadata()
        t.ok(grant_types_supported?.includes('client_credentials'))
        t.ok(token_endpoint_auth_methods_supported?.includes(way))
        const tokens = await client.clientCredentialsGrant(config, { resource: API, scope: 'api:read' })
        t.match(tokens, { token_type: 'bearer', scope: 'api:read' })
        t.equal(tokens.refresh_token, undefined)
        t.equal(
          await refusedWith(client.clientCredentialsGrant(config, { resource: API, scope: 'mcp:read' })),
          '400 invalid_scope',
        )
        t.equal(await refusedWith(client.clientCredentialsGrant(config, { resource: MCP })), '400 invalid_target')
      }
      const dynamic = await register('client_secret_basic')
      t.equal(await refusedWith(client.clientCredentialsGrant(dynamic, { resource: API })), '400 unauthorized_client')
    },
  )

  await t.test(
    'introspection: a resource learns what a token for it is worth, and of others nothing [A-IN-01, A-IN-02, A-IN-03, A-RV-04]',
    async (t) => {
      const own = 'https://own.example'
      const scopes = [{ name: 'own:read', text: 'Read' }]
      const made = await admin('/resources', { identifier: own, name: 'Own', scopes, defaultScopes: ['own:read'] })
      const config = await register()
      const tokens = await signIn(config, { resources: [own], changes: { scope: 'own:read' } })
      for (const proof of [client.ClientSecretBasic(made.secret), client.ClientSecretPost(made.secret)]) {
        const resource = await client.discovery(ISSUER, made.id, undefined, proof, reaching)
        t.match(await client.tokenIntrospection(resource, tokens.access_token), {
          ...{ active: true, aud: own, scope: 'own:read', iss: ORIGIN, token_type: 'Bearer' },
          client_id: config.clientMetadata().client_id,
        })
        const mcp = await signIn(config)
        t.same(await client.tokenIntrospection(resource, mcp.access_token), { active: false })
      }
      await client.tokenRevocation(config, tokens.access_token)
      const resource = await client.discovery(ISSUER, made.id, made.secret, undefined, reaching)
      t.same(await client.tokenIntrospection(resource, tokens.access_token), { active: false })
      const nosy = client.tokenIntrospection(config, tokens.access_token)
      t.equal(await refusedWith(nosy), '401 basic', 'clients cannot ask')
    },
  )

  await t.test('logout: the ID token is the hint, and the browser comes back with the state [A-LN-03]', async (t) => {
    const config = await register()
    const visitor = new Visitor(house)
    const tokens = await signIn(config, { visitor })
    const state = client.randomState()
    const url = client.buildEndSessionUrl(config, {
      ...{ id_token_hint: tokens.id_token ?? '', post_logout_redirect_uri: SIGNED_OUT, state },
    })
    t.equal((await visit(url, visitor)).href, `${SIGNED_OUT}?state=${state}`)
    t.equal(await refusedWith(signIn(config, { visitor, changes: { prompt: 'none' } })), 'login_required')
  })

  await t.test(
    'what is refused is refused in words that the library reads, with state and issuer [A-AR-02, A-AR-05, CF-7]',
    async (t) => {
      const config = await register()
      const visitor = new Visitor(house)
      await visitor.signIn()
      for (const [changes, error] of [
        [{ scope: 'unknown' }, 'invalid_scope'],
        [{ code_challenge_method: 'plain' }, 'invalid_request'],
        [{ response_type: 'token' }, 'unsupported_response_type'],
        [{ response_mode: 'form_post' }, 'invalid_request'],
        [{ max_age: 'x' }, 'invalid_request'],
      ] as const) {
        t.equal(await refusedWith(signIn(config, { visitor, changes })), error)
        const pushed = refusedWith(signIn(config, { visitor, changes, pushed: true }))
        t.equal(await pushed, `400 ${error}`, 'also when it is pushed')
      }
      const resources = ['https://elsewhere.example']
      t.equal(await refusedWith(signIn(config, { visitor, resources })), 'invalid_target')
      const { client_id: other } = await registerClient(house, { redirect_uris: ['https://other.example/'] })
      const foreign = await client.discovery(ISSUER, other, undefined, client.None(), reaching)
      await t.rejects(signIn(foreign, { visitor }), /no way back: 400/, 'a redirect that is not its own')
    },
  )
})

test('openid-client under the strict rule: a token that was used is the end of its family [A-RF-01, A-RF-02]', async (t) => {
  const house = await openHouse(t, { profile: { refreshRetrySeconds: 0 } })
  const reaching = { [client.customFetch]: fetchOf(house) }
  const config = await client.dynamicClientRegistration(
    ISSUER,
    { ...METADATA, token_endpoint_auth_method: 'none' },
    client.None(),
    reaching,
  )
  const url = new URL(client.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'mcp:read' }))
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  url.searchParams.set('code_challenge', await client.calculatePKCECodeChallenge(pkceCodeVerifier))
  url.searchParams.set('code_challenge_method', 'S256')
  const callback = await visit(url, new Visitor(house))
  const first = await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier })
  const second = await client.refreshTokenGrant(config, first.refresh_token ?? '')
  house.clock.forward(2_000)
  t.equal(await refusedWith(client.refreshTokenGrant(config, first.refresh_token ?? '')), '400 invalid_grant')
  t.equal(await refusedWith(client.refreshTokenGrant(config, second.refresh_token ?? '')), '400 invalid_grant')
})
