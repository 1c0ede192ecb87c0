import { type Test, test } from 'tap'
import {
  authorize,
  connect,
  exchangeForm,
  newVerifier,
  ORIGIN,
  openHouse,
  refreshForm,
  registerClient,
  token,
} from '../testing/house.ts'

const OTHER = 'https://client.example/other'
const API_RESOURCE = {
  ...{ identifier: '/api', name: 'API', aliases: [], defaultScopes: ['api:read'], publicKeys: [] },
  scopes: [{ name: 'api:read', text: 'Read', implies: [] }],
}
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

type Form = Readonly<Record<string, string | undefined>>
type Row = readonly [what: string, expected: string, form: Form, headers?: Record<string, string>, raw?: string]

test('what fails at the token endpoint, line by line of RFC 6749 section 5.2, RFC 7636 section 4.6 and RFC 8707 section 2', async (t) => {
  const house = await openHouse(t, { profile: { resources: [API_RESOURCE], refreshRetrySeconds: 0 } })
  const { client_id: client } = await registerClient(house)
  const { client_id: stranger } = await registerClient(house)
  const secretive = await registerClient(house, { token_endpoint_auth_method: 'client_secret_basic' })
  const { client_id: codesOnly } = await registerClient(house, { grant_types: ['authorization_code'] })
  const verifier = newVerifier()
  const newCode = async () => (await authorize(house, client, verifier)).get('code') ?? ''
  const code = exchangeForm(client, await newCode(), verifier)
  const used = exchangeForm(client, await newCode(), verifier)
  await token(house, used)
  const living = await connect(house)
  const refresh = refreshForm(living.client, living.refresh_token)
  const rotated = await connect(house)
  await token(house, refreshForm(rotated.client, rotated.refresh_token))
  const revoked = await connect(house)
  await house.server.inject({
    ...{ method: 'POST', url: '/oauth/revoke' },
    payload: new URLSearchParams({ client_id: revoked.client, token: revoked.refresh_token }).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  })
  const old = await connect(house)
  const oldCode = exchangeForm(client, await newCode(), verifier)
  const basic = (id: string, secret: string) => ({
    authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
  })
  const wrong = basic(secretive.client_id, 'wrong')
  const { client_secret = '' } = secretive

  const rows: readonly Row[] = [
    ['no grant_type', '400 invalid_request', { ...code, grant_type: undefined }],
    ['no code', '400 invalid_request', { ...code, code: undefined }],
    ['no refresh token', '400 invalid_request', { ...refresh, refresh_token: undefined }],
    ['a parameter twice', '400 invalid_request', code, {}, '&code=x'],
    [
      'two ways to authenticate',
      '400 invalid_request',
      { ...code, client_id: secretive.client_id, client_secret },
      wrong,
    ],
    ['JSON', '400 invalid_request', code, { 'content-type': 'application/json' }],
    ['no verifier', '400 invalid_request', { ...code, code_verifier: undefined }],
    ['a short verifier', '400 invalid_request', { ...code, code_verifier: 'v'.repeat(42) }],
    ['a long verifier', '400 invalid_request', { ...code, code_verifier: 'v'.repeat(129) }],
    ['a verifier of other signs', '400 invalid_request', { ...code, code_verifier: '+'.repeat(43) }],
    ['another verifier', '400 invalid_grant', { ...code, code_verifier: newVerifier() }],
    ['the challenge in its place', '400 invalid_grant', { ...code, code_verifier: 'v'.repeat(43) }],

    ['no client', '401 invalid_client', { ...code, client_id: undefined }],
    ['an unknown client', '401 invalid_client', { ...code, client_id: 'cli_unknown' }],
    ['a wrong secret', '401 invalid_client', { ...code, client_id: secretive.client_id, client_secret: 'wrong' }],
    ['a wrong secret by Basic', '401 invalid_client', { ...code, client_id: undefined }, wrong],
    [
      'a bad assertion',
      '401 invalid_client',
      { ...code, client_assertion_type: ASSERTION_TYPE, client_assertion: 'a.b.c' },
    ],
    ['a way that was not registered', '401 invalid_client', { ...code, client_secret: 'x' }],
    ['no proof where one is due', '401 invalid_client', { ...code, client_id: secretive.client_id }],

    ['an unknown code', '400 invalid_grant', { ...code, code: 'x' }],
    ["another client's code", '400 invalid_grant', { ...code, client_id: stranger }],
    ['another redirect', '400 invalid_grant', { ...code, redirect_uri: OTHER }],
    ['a used code', '400 invalid_grant', used],

    ['an unknown refresh token', '400 invalid_grant', { ...refresh, refresh_token: 'x' }],
    ["another client's refresh token", '400 invalid_grant', { ...refresh, client_id: stranger }],
    ['a refresh token that was taken back', '400 invalid_grant', refreshForm(revoked.client, revoked.refresh_token)],

    ['a grant that the client did not register', '400 unauthorized_client', { ...refresh, client_id: codesOnly }],
    ['password', '400 unsupported_grant_type', { ...code, grant_type: 'password' }],
    ['a grant that is switched off', '400 unsupported_grant_type', { ...code, grant_type: 'client_credentials' }],
    ...['device_code', 'token-exchange', 'jwt-bearer'].map((name): Row => {
      const grant_type = `urn:ietf:params:oauth:grant-type:${name}`
      return [name, '400 unsupported_grant_type', { ...code, grant_type }]
    }),

    ['an unknown scope', '400 invalid_scope', { ...refresh, scope: 'unknown' }],
    ['a malformed scope', '400 invalid_scope', { ...refresh, scope: 'mcp:read  mcp:write' }],
    ['a scope in quotes', '400 invalid_scope', { ...refresh, scope: '"mcp:read"' }],
    ['more than was granted', '400 invalid_scope', { ...refresh, scope: 'mcp:read email' }],

    ['a resource that is no URI', '400 invalid_target', { ...code, resource: 'mcp' }],
    ['a resource with a fragment', '400 invalid_target', { ...code, resource: `${ORIGIN}/mcp#x` }],
    ['an unknown resource', '400 invalid_target', { ...code, resource: 'https://elsewhere.example' }],
    ['a resource that was not granted', '400 invalid_target', { ...refresh, resource: `${ORIGIN}/api` }],
  ]
  const late: readonly Row[] = [
    ['a refresh token that was rotated', '400 invalid_grant', refreshForm(rotated.client, rotated.refresh_token)],
    ['an old code', '400 invalid_grant', oldCode],
    ['an old refresh token', '400 invalid_grant', refreshForm(old.client, old.refresh_token)],
  ]

  const refused = async (t: Test, [what, expected, form, headers = {}, raw = '']: Row) => {
    const given = Object.entries(form).filter((pair): pair is [string, string] => pair[1] !== undefined)
    const answer = await house.server.inject({
      ...{ method: 'POST', url: '/oauth/token', payload: `${new URLSearchParams(given)}${raw}` },
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    })
    const body = answer.json()
    t.equal(`${answer.statusCode} ${body.error}`, expected, what)
    t.match(answer.headers, { 'content-type': /^application\/json/, 'cache-control': 'no-store' }, what)
    t.match(
      body.error_description,
      /^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/,
      `${what}: only the signs that the text may have`,
    )
    const challenged = headers === wrong && answer.statusCode === 401
    t.equal(answer.headers['www-authenticate'], challenged ? 'Basic realm="token"' : undefined, what)
    t.notMatch(answer.body, /stack|select |\.ts:/, what)
  }

  await t.test(
    'the code, the status, no-store, and a challenge only for Basic [A-TP-05, A-TE-05, A-TE-06, A-RI-02, A-SC-01]',
    async (t) => {
      for (const row of rows) await refused(t, row)
    },
  )

  await t.test(
    'and none of it cost its owner anything: the code and the refresh token are still good [A-AC-04, A-RF-05]',
    async (t) => {
      t.equal((await token(house, code)).statusCode, 200)
      t.equal((await token(house, refresh)).statusCode, 200)
    },
  )

  await t.test('what is late [A-AC-01, A-RF-02, A-RF-09]', async (t) => {
    house.clock.forward(2_592_001_000)
    for (const row of late) await refused(t, row)
  })

  await t.test('429 with Retry-After for whoever guesses at a secret [A-LN-04, A-OP-01]', async (t) => {
    const guess = () => token(house, { ...refreshForm('', 'x'), client_id: '' }, wrong)
    let answer = await guess()
    for (let tries = 0; tries < 40 && answer.statusCode === 401; tries += 1) answer = await guess()
    t.equal(answer.statusCode, 429)
    t.match(answer.headers, { 'retry-after': /^[1-9]\d*$/, 'cache-control': 'no-store' })
    t.not(answer.json().error, 'invalid_client', 'a client must not forget its registration for that')
  })
})
