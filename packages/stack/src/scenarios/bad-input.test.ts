import { createHash } from 'node:crypto'
import { t as file, type Test, test } from 'tap'
import { CALLBACK, connectClient, runningHouse } from './running.ts'
import { type Answer, ask, MCP_VERSION, rpc, type Sent } from './wire.ts'

// Machines that test are slow; tap's own limit is half a minute.
file.setTimeout(120_000)

const running = await runningHouse(file)
const { publicUrl, secrets } = running
const { client, clientId, accessToken } = await connectClient(running, 'member@acme.test')
file.teardown(() => client.close())

/** What must never come back as it is. */
const HOSTILE = '"><script>alert(1)</script>'
const HUGE = Buffer.alloc(20 * 1024 * 1024, 'a')
const DEEP = `${'['.repeat(10_000)}${']'.repeat(10_000)}`
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const JSON_TYPE = { 'content-type': 'application/json' }
const CHALLENGE = createHash('sha256').update('v'.repeat(43)).digest('base64url')

type Face = 'oauth' | 'rpc' | 'page'

interface Case {
  readonly what: string
  readonly path: string
  readonly sent?: Sent
  readonly status: number
  readonly face: Face
  /** The protocol's own code. */
  readonly code?: string | number
}

const form = (fields: Record<string, string> | [string, string][]): Sent => ({ body: new URLSearchParams(fields) })
const raw = (body: string | Uint8Array, headers: Record<string, string> = FORM, method = 'POST'): Sent => ({
  method,
  headers,
  body,
})

const oauth = (what: string, path: string, sent: Sent, status: number, code: string): Case => ({
  what,
  path,
  sent,
  status,
  face: 'oauth',
  code,
})
const page = (what: string, path: string, sent: Sent, status: number): Case => ({
  what,
  path,
  sent,
  status,
  face: 'page',
})

/** What every endpoint that takes forms as a machine's gets wrong in the same way. */
const anyForm = (path: string): Case[] => [
  oauth('JSON', path, raw('{"token":"x"}', JSON_TYPE), 400, 'invalid_request'),
  oauth('broken JSON', path, raw('{', JSON_TYPE), 400, 'invalid_request'),
  oauth('plain text', path, raw('token=x', { 'content-type': 'text/plain' }), 400, 'invalid_request'),
  oauth('a body of no type', path, raw('token=x', {}), 400, 'invalid_request'),
  oauth('no body', path, { method: 'POST' }, 400, 'invalid_request'),
  oauth('20 MB', path, raw(HUGE), 413, 'invalid_request'),
  oauth('20 MB in chunks', path, raw(HUGE, { ...FORM, 'transfer-encoding': 'chunked' }), 413, 'invalid_request'),
  oauth('a NUL', path, raw('client_id=a%00b&token=x&grant_type=refresh_token'), 400, 'invalid_request'),
  oauth('a parameter twice', path, raw('client_id=a&client_id=b&token=x&grant_type=x'), 400, 'invalid_request'),
  oauth(
    'bytes that are not UTF-8',
    path,
    raw(Buffer.from('client_id=\xff\xfe&token=\xff&grant_type=refresh_token', 'latin1')),
    401,
    'invalid_client',
  ),
  oauth(
    'an unknown client',
    path,
    form({ client_id: `${HOSTILE}`, token: 'x', grant_type: 'refresh_token' }),
    401,
    'invalid_client',
  ),
  oauth(
    'a parameter with a hostile name twice',
    path,
    form([
      [HOSTILE, '1'],
      [HOSTILE, '2'],
    ]),
    400,
    'invalid_request',
  ),
  oauth('GET', path, {}, 405, 'invalid_request'),
  oauth('PUT with 20 MB', path, raw(HUGE, FORM, 'PUT'), 405, 'invalid_request'),
]

const refresh = { grant_type: 'refresh_token', client_id: clientId }
const authorize = (change: Record<string, string | undefined>) => {
  const all = {
    client_id: clientId,
    redirect_uri: CALLBACK,
    response_type: 'code',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 's',
    ...change,
  }
  return `/oauth/authorize?${new URLSearchParams(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined))}`
}

const FORMS: Case[] = [
  ...anyForm('/oauth/token'),
  ...anyForm('/oauth/revoke'),
  ...anyForm('/oauth/par'),
  ...anyForm('/oauth/introspect'),
  oauth('an empty form', '/oauth/token', raw(''), 400, 'invalid_request'),
  oauth('an empty form', '/oauth/revoke', raw(''), 401, 'invalid_client'),
  oauth(
    'an unknown grant type',
    '/oauth/token',
    form({ ...refresh, grant_type: HOSTILE }),
    400,
    'unsupported_grant_type',
  ),
  oauth('an unknown refresh token', '/oauth/token', form({ ...refresh, refresh_token: HOSTILE }), 400, 'invalid_grant'),
  oauth(
    'a code that nobody issued',
    '/oauth/token',
    form({
      client_id: clientId,
      grant_type: 'authorization_code',
      code: HOSTILE,
      redirect_uri: CALLBACK,
      code_verifier: 'v'.repeat(43),
    }),
    400,
    'invalid_grant',
  ),
  oauth(
    'two Authorization headers',
    '/oauth/token',
    {
      ...form({ grant_type: 'refresh_token' }),
      headers: [
        ['authorization', 'Basic eDp5'],
        ['authorization', 'Basic eDp5'],
      ],
    },
    401,
    'invalid_client',
  ),
  oauth(
    'a Basic that is no Base64',
    '/oauth/token',
    { ...form({ grant_type: 'refresh_token' }), headers: { authorization: `Basic ${'%'.repeat(50)}` } },
    401,
    'invalid_client',
  ),
  oauth('no token at userinfo', '/oauth/userinfo', {}, 401, 'invalid_token'),
  oauth(
    'a bad token at userinfo',
    '/oauth/userinfo',
    { headers: { authorization: 'Bearer a.b.c' } },
    401,
    'invalid_token',
  ),
]

const REGISTRATION: Case[] = [
  oauth('broken JSON', '/oauth/clients', raw('{', JSON_TYPE), 400, 'invalid_client_metadata'),
  oauth('a form', '/oauth/clients', form({ redirect_uris: CALLBACK }), 400, 'invalid_client_metadata'),
  oauth('plain text', '/oauth/clients', raw('{}', { 'content-type': 'text/plain' }), 400, 'invalid_client_metadata'),
  oauth('an empty body', '/oauth/clients', raw('', JSON_TYPE), 400, 'invalid_client_metadata'),
  oauth('no body', '/oauth/clients', { method: 'POST' }, 400, 'invalid_client_metadata'),
  oauth('an array', '/oauth/clients', raw('[]', JSON_TYPE), 400, 'invalid_client_metadata'),
  oauth('10,000 levels', '/oauth/clients', raw(DEEP, JSON_TYPE), 400, 'invalid_client_metadata'),
  oauth(
    '10,000 levels in a field',
    '/oauth/clients',
    raw(`{"redirect_uris":["${CALLBACK}"],"contacts":${DEEP}}`, JSON_TYPE),
    400,
    'invalid_client_metadata',
  ),
  oauth('20 MB', '/oauth/clients', raw(HUGE, JSON_TYPE), 413, 'invalid_request'),
  oauth(
    '20 MB in chunks',
    '/oauth/clients',
    raw(HUGE, { ...JSON_TYPE, 'transfer-encoding': 'chunked' }),
    413,
    'invalid_request',
  ),
  oauth(
    'a prototype',
    '/oauth/clients',
    raw(`{"__proto__":{"a":1},"redirect_uris":["${CALLBACK}"]}`, JSON_TYPE),
    400,
    'invalid_client_metadata',
  ),
  oauth(
    'a NUL in the name',
    '/oauth/clients',
    raw(`{"redirect_uris":["${CALLBACK}"],"client_name":"a\\u0000b"}`, JSON_TYPE),
    400,
    'invalid_client_metadata',
  ),
  oauth(
    'half a surrogate pair in the name',
    '/oauth/clients',
    raw(`{"redirect_uris":["${CALLBACK}"],"client_name":"a\\ud800b"}`, JSON_TYPE),
    400,
    'invalid_client_metadata',
  ),
  oauth(
    'half a surrogate pair in metadata',
    '/oauth/clients',
    raw(
      `{"redirect_uris":["${CALLBACK}"],"client_uri":"https://a.example/\\ud800","software_id":"\\udc00","contacts":["\\ud800"]}`,
      JSON_TYPE,
    ),
    400,
    'invalid_client_metadata',
  ),
  oauth(
    'bytes that are not UTF-8',
    '/oauth/clients',
    raw(Buffer.from(`{"redirect_uris":["${CALLBACK}"],"client_name":"\xff"}`, 'latin1'), JSON_TYPE),
    400,
    'invalid_client_metadata',
  ),
  ...[
    'http://client.example/cb',
    'https://client.example/cb#x',
    'javascript:alert(1)',
    'https://a@b.example/',
    '/relative',
    HOSTILE,
    '',
  ].map((uri) =>
    oauth(
      `the redirect ${JSON.stringify(uri)}`,
      '/oauth/clients',
      raw(JSON.stringify({ redirect_uris: [uri] }), JSON_TYPE),
      400,
      'invalid_redirect_uri',
    ),
  ),
  ...['https://a.example/\u0000', 'https://a.example/\ud800'].map((uri) =>
    oauth(
      `the redirect ${JSON.stringify(uri)}`,
      '/oauth/clients',
      raw(JSON.stringify({ redirect_uris: [uri] }), JSON_TYPE),
      400,
      'invalid_client_metadata',
    ),
  ),
  oauth('DELETE', '/oauth/clients', { method: 'DELETE' }, 405, 'invalid_request'),
]

const PAGES: Case[] = [
  page('an unknown client', authorize({ client_id: HOSTILE }), {}, 400),
  page('no client', authorize({ client_id: undefined }), {}, 400),
  ...[
    'http://127.0.0.2:33418/callback',
    'http://127.0.0.1:33418/callback/more',
    'http://client.example/callback',
    `${CALLBACK}#x`,
    `${CALLBACK}?x=1`,
    'https://127.0.0.1:33418/callback',
    HOSTILE,
    'http://127.0.0.1:33418@evil.example/callback',
    `${CALLBACK}\u0000`,
  ].map((uri) => page(`the redirect ${JSON.stringify(uri)}`, authorize({ redirect_uri: uri }), {}, 400)),
  page('a client twice', `${authorize({})}&client_id=x`, {}, 400),
  page('a redirect twice', `${authorize({})}&redirect_uri=${encodeURIComponent(CALLBACK)}`, {}, 400),
  page('bytes that are not UTF-8', '/oauth/authorize?client_id=%ff%fe', {}, 400),
  page('no parameters', '/oauth/authorize', {}, 400),
  page('a foreign transaction', '/oauth/authorize?transaction=x', {}, 400),
  page('a NUL', '/oauth/authorize?client_id=%00', {}, 400),
  page('a decision without a form of ours', '/oauth/authorize', form({ decision: 'approve', transaction: 'x' }), 403),
  page('a decision as JSON', '/oauth/authorize', raw('{"decision":"approve"}', JSON_TYPE), 400),
  page('20 MB', '/oauth/authorize', raw(HUGE), 413),
  page('no body', '/oauth/authorize', { method: 'POST' }, 400),
  page('DELETE', '/oauth/authorize', { method: 'DELETE' }, 405),
  page('a form that is not ours', '/sign-in', form({ email: HOSTILE, password: 'x' }), 403),
  page('JSON', '/sign-in', raw('{"email":1}', JSON_TYPE), 400),
  page('broken JSON', '/sign-in', raw('{', JSON_TYPE), 400),
  page('plain text', '/sign-in', raw('email=x', { 'content-type': 'text/plain' }), 400),
  page('no body', '/sign-in', { method: 'POST' }, 400),
  page('a NUL', '/sign-in', raw('email=%00'), 400),
  page('a field twice', '/sign-in', raw('email=a&email=b'), 400),
  page('20 MB', '/sign-in', raw(HUGE), 413),
  page('20 MB in chunks', '/sign-in', raw(HUGE, { ...FORM, 'transfer-encoding': 'chunked' }), 413),
  page('PUT', '/sign-in', { method: 'PUT' }, 405),
  page('a form that is not ours', '/sign-out', form({ csrf: 'x' }), 403),
  page('PUT', '/', { method: 'PUT' }, 405),
]

const admin = { authorization: `Bearer ${secrets.adminToken}` }
const tenants = (await ask(`${publicUrl}/admin/v1/tenants`, { headers: admin })).json() as unknown as {
  tenants: { id: string }[]
}
const tenant = tenants.tenants[0]?.id ?? ''
const asAdmin = (sent: Sent): Sent => ({ ...sent, headers: { ...(sent.headers as Record<string, string>), ...admin } })
const audit = '/admin/v1/audit/events'
const keys = `/admin/v1/tenants/${tenant}/api-keys`

const ADMIN: Case[] = [
  ...['/admin/v1/tenants', '/admin/v1/openapi.json', audit, '/admin/v1/audit/openapi.json'].flatMap((path) => [
    oauth('no token', path, {}, 401, 'invalid_token'),
    oauth(
      'a wrong token',
      path,
      { headers: { authorization: `Bearer ${HOSTILE.replaceAll(/[^a-z]/g, '')}` } },
      401,
      'invalid_token',
    ),
    oauth('a token that is not well formed', path, { headers: { authorization: HOSTILE } }, 401, 'invalid_token'),
    oauth('a token of a client', path, { headers: { authorization: `Bearer ${accessToken}` } }, 401, 'invalid_token'),
    oauth(
      'two Authorization headers',
      path,
      {
        headers: [
          ['authorization', 'Bearer x'],
          ['authorization', admin.authorization],
        ],
      },
      401,
      'invalid_token',
    ),
    oauth('PUT', path, asAdmin(raw('{}', JSON_TYPE, 'PUT')), 405, 'invalid_request'),
  ]),
  oauth('broken JSON', keys, asAdmin(raw('{', JSON_TYPE)), 400, 'invalid_request'),
  oauth('plain text', keys, asAdmin(raw('{}', { 'content-type': 'text/plain' })), 400, 'invalid_request'),
  oauth('a form', keys, asAdmin(raw('name=x')), 400, 'invalid_request'),
  oauth('an empty body', keys, asAdmin(raw('', JSON_TYPE)), 400, 'invalid_request'),
  oauth('an array', keys, asAdmin(raw('[]', JSON_TYPE)), 400, 'invalid_request'),
  oauth('10,000 levels', keys, asAdmin(raw(`{"name":${DEEP}}`, JSON_TYPE)), 400, 'invalid_request'),
  oauth('20 MB', keys, asAdmin(raw(HUGE, JSON_TYPE)), 413, 'invalid_request'),
  oauth('20 MB without a token', keys, raw(HUGE, JSON_TYPE), 401, 'invalid_token'),
  oauth(
    'a NUL in a string',
    keys,
    asAdmin(raw('{"name":"a\\u0000","scopes":["mcp:read"]}', JSON_TYPE)),
    400,
    'invalid_request',
  ),
  oauth(
    'half a surrogate pair',
    keys,
    asAdmin(raw('{"name":"a\\ud800","scopes":["mcp:read"]}', JSON_TYPE)),
    400,
    'invalid_request',
  ),
  oauth(
    'a prototype',
    keys,
    asAdmin(raw('{"__proto__":{"name":"x"},"scopes":["mcp:read"]}', JSON_TYPE)),
    400,
    'invalid_request',
  ),
  oauth(
    'a hostile scope',
    keys,
    asAdmin(raw(JSON.stringify({ name: 'x', scopes: [HOSTILE] }), JSON_TYPE)),
    400,
    'invalid_scope',
  ),
  oauth(
    'a time that is none',
    keys,
    asAdmin(raw('{"name":"a","scopes":["mcp:read"],"expiresAt":"99999-01-01T00:00:00Z"}', JSON_TYPE)),
    400,
    'invalid_request',
  ),
  oauth('an unknown tenant', '/admin/v1/tenants/ten_x/people', asAdmin({}), 404, 'not_found'),
  oauth('a tenant with a NUL', '/admin/v1/tenants/a%00b/people', asAdmin({}), 400, 'invalid_request'),
  oauth('a tenant that is not UTF-8', '/admin/v1/tenants/%ff/people', asAdmin({}), 400, 'invalid_request'),
  oauth(
    'a tenant of a hostile name',
    `/admin/v1/tenants/${encodeURIComponent(HOSTILE)}/people`,
    asAdmin({}),
    404,
    'not_found',
  ),
  oauth('an unknown grant', '/admin/v1/grants/x', asAdmin({ method: 'DELETE' }), 404, 'not_found'),
  oauth('a grant with a NUL', '/admin/v1/grants/a%00', asAdmin({ method: 'DELETE' }), 400, 'invalid_request'),
  oauth('a limit that is no number', '/admin/v1/clients?limit=x', asAdmin({}), 400, 'invalid_request'),
  oauth('a limit twice', '/admin/v1/clients?limit=1&limit=2', asAdmin({}), 400, 'invalid_request'),
  oauth('a cursor with a NUL', '/admin/v1/clients?after=%00', asAdmin({}), 400, 'invalid_request'),
  ...[
    'limit=x',
    'limit=0',
    'limit=1&limit=2',
    `cursor=${encodeURIComponent(HOSTILE)}`,
    'cursor=WzEsMl0',
    'tenant=a%00b',
    'tool=%00',
    'actor=a%00b',
    'client=%00',
    'from=x',
    'from=99999-01-01T00:00:00Z',
    'unknown=1',
    `${encodeURIComponent(HOSTILE)}=1`,
    'outcome=none',
    '__proto__=1',
    `tool=${'x'.repeat(600)}`,
  ].map((query) => oauth(query, `${audit}?${query}`, asAdmin({}), 400, 'invalid_request')),
]

const mcp = (what: string, sent: Sent, status: number, code: number): Case => ({
  what,
  path: '/mcp',
  sent,
  status,
  face: 'rpc',
  code,
})
const call = (name: string, args: unknown) =>
  rpc(accessToken, 'tools/call', { name, arguments: args as Record<string, unknown> })
const good = rpc(accessToken, 'tools/list')
const goodHeaders = good.headers as Record<string, string>
const withBody = (body: string | Uint8Array, headers: Record<string, string> = {}): Sent => ({
  ...good,
  body,
  headers: { ...goodHeaders, ...headers },
})
const bearer = (token: string) => ({ ...good, headers: { ...goodHeaders, authorization: token } })
const [head = '', payload = '', signature = ''] = accessToken.split('.')
const changed = (change: Record<string, unknown>) => {
  const claims = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), ...change }
  return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.')
}

const MCP: Case[] = [
  mcp('no token', rpc(undefined, 'tools/list'), 401, 401),
  mcp('a token that is none', bearer('Bearer abc'), 401, 401),
  mcp('a token that is not well formed', bearer(`Bearer ${HOSTILE}`), 400, 400),
  mcp('an empty Bearer', bearer('Bearer'), 400, 400),
  mcp('an expired token under an old signature', bearer(`Bearer ${changed({ exp: 1 })}`), 401, 401),
  mcp('a token made for another resource', bearer(`Bearer ${changed({ aud: 'https://other.example/' })}`), 401, 401),
  mcp(
    'a token without a signature',
    bearer(`Bearer ${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${payload}.`),
    401,
    401,
  ),
  mcp('a key that nobody made', bearer('Bearer align_0000000000000000000000000000'), 401, 401),
  mcp('a token of 6 kB', bearer(`Bearer ${'a'.repeat(6_000)}`), 401, 401),
  mcp(
    'two Authorization headers',
    { ...good, headers: [...Object.entries(goodHeaders), ['authorization', goodHeaders.authorization ?? '']] },
    400,
    400,
  ),
  mcp('an unknown Host', withBody(String(good.body), { host: 'evil.example' }), 403, 403),
  mcp('an unknown Origin', withBody(String(good.body), { origin: 'https://evil.example' }), 403, 403),
  mcp('GET', { headers: { authorization: `Bearer ${accessToken}` } }, 405, 405),
  mcp('DELETE', { method: 'DELETE', headers: { authorization: `Bearer ${accessToken}` } }, 405, 405),
  mcp('broken JSON', withBody('{'), 400, -32_700),
  mcp('an empty body', withBody(''), 400, -32_700),
  mcp('no body', { method: 'POST', headers: goodHeaders }, 400, -32_700),
  mcp(
    'bytes that are not UTF-8',
    withBody(Buffer.from('{"jsonrpc":"2.0","id":"\xff","method":"ping"}', 'latin1')),
    400,
    -32_700,
  ),
  mcp('10,000 levels', withBody(DEEP), 400, -32_600),
  mcp(
    '10,000 levels in arguments',
    withBody(
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"search.global","arguments":{"q":${DEEP}}}}`,
    ),
    400,
    -32_600,
  ),
  mcp('20 MB', withBody(HUGE), 413, 413),
  mcp('20 MB in chunks', withBody(HUGE, { 'transfer-encoding': 'chunked' }), 413, 413),
  mcp('20 MB without a token', { ...withBody(HUGE), headers: JSON_TYPE }, 401, 401),
  mcp('plain text', withBody(String(good.body), { 'content-type': 'text/plain' }), 415, 415),
  mcp('a form', withBody('a=b', FORM), 415, 415),
  mcp(
    'no content type',
    { ...good, headers: Object.fromEntries(Object.entries(goodHeaders).filter(([name]) => name !== 'content-type')) },
    415,
    415,
  ),
  mcp('nothing that may be answered', withBody(String(good.body), { accept: 'text/html' }), 406, 406),
  mcp('a number', withBody('1'), 400, -32_600),
  mcp('null', withBody('null'), 400, -32_600),
  mcp('an empty batch', withBody('[]'), 400, -32_600),
  mcp('no method', withBody('{"jsonrpc":"2.0","id":1}'), 400, -32_600),
  mcp('id null', withBody('{"jsonrpc":"2.0","id":null,"method":"ping"}'), 400, -32_600),
  mcp('an unknown method', rpc(accessToken, HOSTILE.replaceAll(/[^a-z]/g, '')), 404, -32_601),
  mcp(
    'an unknown revision',
    withBody(String(good.body).replaceAll(MCP_VERSION, '1999-01-01'), { 'mcp-protocol-version': '1999-01-01' }),
    400,
    -32_022,
  ),
  mcp(
    'a header that says another revision',
    withBody(String(good.body), { 'mcp-protocol-version': '2025-11-25' }),
    400,
    -32_020,
  ),
  mcp('a header that says another method', withBody(String(good.body), { 'mcp-method': 'tools/call' }), 400, -32_020),
  mcp('a bad cursor', rpc(accessToken, 'tools/list', { cursor: HOSTILE }), 200, -32_602),
  mcp('an unknown tool', call('none', {}), 200, -32_602),
  mcp('an unknown resource', rpc(accessToken, 'resources/read', { uri: 'align://nothing' }), 200, -32_602),
  mcp('a resource with a NUL', rpc(accessToken, 'resources/read', { uri: 'align://entries/%00' }), 200, -32_602),
  mcp('a resource that is not UTF-8', rpc(accessToken, 'resources/read', { uri: 'align://entries/%ff' }), 200, -32_602),
  mcp(
    'half a surrogate pair in a name',
    withBody('{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"\\ud800"}}'),
    400,
    -32_602,
  ),
]

const ANYWHERE: Case[] = [
  '/nothing',
  '/admin/v1/nothing',
  '/oauth/nothing',
  '/.well-known/nothing',
  '/.well-known/oauth-authorization-server/nothing',
  '/.well-known/oauth-protected-resource/nothing',
  '/settings/nothing',
  '/internal/nothing',
  `/${encodeURIComponent(HOSTILE)}`,
  '/mcp/nothing',
  '//evil.example/',
  '/assets/nothing.css',
  '/assets/..%2f..%2fpackage.json',
]
  .map((path) => oauth('an unknown path', path, {}, 404, 'not_found'))
  .concat(
    ['/%zz', '/oauth/%ff', '/admin/v1/tenants/%zz/people'].map((path) =>
      oauth('a path that cannot be decoded', path, {}, 400, 'invalid_request'),
    ),
    ['/oauth/token', '/mcp', '/sign-in', audit].map((path) =>
      oauth('a header of 64 kB', path, { headers: { 'x-long': 'x'.repeat(65_536) } }, 431, 'invalid_request'),
    ),
    [
      oauth(
        "without a service's word",
        '/internal/v1/credentials',
        raw('{"credential":"x"}', JSON_TYPE),
        401,
        'invalid_client',
      ),
      oauth(
        'with a token',
        '/internal/v1/credentials',
        { ...raw('{"credential":"x"}', { ...JSON_TYPE, authorization: `Bearer ${accessToken}` }) },
        401,
        'invalid_client',
      ),
      oauth(
        "without a service's word, 20 MB",
        '/internal/v1/credentials',
        raw(HUGE, JSON_TYPE),
        413,
        'invalid_request',
      ),
    ],
  )

/** How fast 20 MB must be refused: by the header, or as soon as the limit is passed. */
const CHEAP_MS = 1_000

const FACES: Readonly<Record<Face, (t: Test, answer: Answer, code: string | number | undefined) => void>> = {
  oauth(t, { headers, json }, error) {
    t.match(headers['content-type'], /^application\/json\b/)
    t.match(json(), { error, error_description: String, request_id: headers['x-request-id'] })
  },
  rpc(t, { headers, json }, code) {
    t.match(headers['content-type'], /^application\/json\b/)
    t.match(json(), { jsonrpc: '2.0', error: { code, message: String } })
    t.not(json().id, null, 'an id that could not be read is left out')
  },
  page(t, { headers, text }) {
    t.match(headers['content-type'], /^text\/html\b/)
    t.match(headers['content-security-policy'], "frame-ancestors 'none'")
    t.notOk(headers.location, 'nobody is sent anywhere')
    t.match(text, String(headers['x-request-id']), 'it shows the id to ask about')
  },
}

/** The protocol's own answer, that shows nothing of ours and gives nothing hostile back. */
async function refused(t: Test, { path, sent, status, face, code }: Case): Promise<void> {
  const started = performance.now()
  const answer = await ask(`${publicUrl}${path}`, sent)
  const { headers, text } = answer
  t.equal(answer.status, status)
  t.match(headers, { 'x-request-id': /^[\w.-]+$/, 'x-content-type-options': 'nosniff' })
  FACES[face](t, answer, code)
  t.notMatch(text, '<script>alert', 'what was sent does not come back as markup')
  t.notMatch(text, /\.ts:\d|node_modules|\bat \S+ \(|SQLSTATE|PGlite/, 'nothing of our insides')
  if (status === 405) t.match(headers.allow, /[A-Z]/)
  if (status === 401 && !path.startsWith('/oauth/') && !path.startsWith('/internal/')) {
    t.match(headers['www-authenticate'], /^Bearer /)
  }
  if (sent?.body === HUGE) {
    t.ok(answer.early, 'answered before all of it was sent')
    t.ok(performance.now() - started < CHEAP_MS)
  }
}

async function allRefused(t: Test, cases: readonly Case[]): Promise<void> {
  for (const one of cases) {
    const { method = one.sent?.body === undefined ? 'GET' : 'POST' } = one.sent ?? {}
    await t.test(`${method} ${one.path.slice(0, 60)}: ${one.what}`, (t) => refused(t, one))
  }
}

test('token and revocation endpoint refuse bad input in the words of RFC 6749 [A-TP-06, A-TE-03, A-RV-05]', (t) =>
  allRefused(t, FORMS))

test('registration refuses bad input in the words of RFC 7591 [A-DR-04, A-RU-04, A-RU-06]', (t) =>
  allRefused(t, REGISTRATION))

test('pages refuse bad input as pages, and send nobody to a redirect that is not proven [A-RU-08, A-AZ-07, A-OP-05]', (t) =>
  allRefused(t, PAGES))

test('the admin APIs refuse bad input in JSON', (t) => allRefused(t, ADMIN))

test('the MCP endpoint refuses bad input in JSON-RPC [S-TR-03, S-TR-10, S-TR-21, S-TR-26, S-AU-13]', (t) =>
  allRefused(t, MCP))

test('what no endpoint serves, and what cannot be read as a request, is refused in JSON', (t) =>
  allRefused(t, ANYWHERE))

test('a fault after the redirect is proven goes back to the client that an operator registered, with state and iss, and not to a page', async (t) => {
  const made = await ask(
    `${publicUrl}/admin/v1/clients`,
    asAdmin(raw(JSON.stringify({ name: 'Known', redirectUris: [CALLBACK] }), JSON_TYPE)),
  )
  const { id } = made.json() as { id: string }
  const ofKnown = (change: Record<string, string | undefined>) => authorize({ client_id: id, ...change })
  const faults = [
    [ofKnown({ response_type: 'token' }), 'unsupported_response_type'],
    [ofKnown({ code_challenge: undefined }), 'invalid_request'],
    [ofKnown({ code_challenge_method: 'plain' }), 'invalid_request'],
    [ofKnown({ scope: HOSTILE }), 'invalid_scope'],
    [ofKnown({ resource: 'https://other.example/' }), 'invalid_target'],
    [`${ofKnown({})}&scope=a&scope=b`, 'invalid_request'],
  ] as const
  for (const [path, error] of faults) {
    const answer = await ask(`${publicUrl}${path}`)
    t.match(answer.status, 303)
    const to = new URL(String(answer.headers.location))
    t.equal(`${to.origin}${to.pathname}`, CALLBACK)
    t.match(Object.fromEntries(to.searchParams), { error, state: 's', iss: publicUrl })
  }
})

test('what a tool is given may be hostile: its arguments are refused or kept as they are, and never an internal error', async (t) => {
  const { projects } = (await client.read('align://projects')) as { projects: { id: string }[] }
  const projectId = projects[0]?.id ?? ''
  for (const title of [
    'a\u0000b',
    'a\ud800b',
    '\udc00',
    HOSTILE,
    '\u202e',
    "'; drop table tracker.entries; --",
    'x'.repeat(501),
  ]) {
    const given = { projectId, title, description: title, type: 'feedback' }
    const { json, status } = await ask(`${publicUrl}/mcp`, call('entry.create', given))
    t.equal(status, 200)
    const { result } = json() as { result?: { isError?: boolean; structuredContent?: { title: string } } }
    t.ok(result?.isError === true || result?.structuredContent?.title === title, JSON.stringify(title.slice(0, 20)))
  }
  for (const args of [[], 'x', null, { q: {} }, { q: 'x', limit: 1e99 }, JSON.parse('{"__proto__":{"q":"x"}}')]) {
    const { json } = await ask(`${publicUrl}/mcp`, call('search.global', args))
    t.match(json(), { result: { isError: true } }, JSON.stringify(args))
  }
  for (const q of ['\u0000', '\ud800', '"', '((((', '-', "' & | ! :* <->", HOSTILE, 'x '.repeat(5_000)]) {
    const { json } = await ask(`${publicUrl}/mcp`, call('search.global', { q }))
    t.ok('result' in json(), JSON.stringify(q.slice(0, 20)))
  }
})
