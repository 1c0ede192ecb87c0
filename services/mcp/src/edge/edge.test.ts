import { connect } from 'node:net'
import { openKeyValue } from '@gatehouse/kv'
import { t as file, type Test, test } from 'tap'
import { listenOn } from '../testing/listening.ts'
import { openParts, openRig, type Rig } from '../testing/rig.ts'
import { type Headers, modern, modernRequest, post, VERSION } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const METADATA = 'https://mcp.example/.well-known/oauth-protected-resource/mcp'

test('the edge of the MCP endpoint', async (suite) => {
  const rig = await openRig(parts)
  suite.teardown(() => rig.close())
  const token = await rig.token()
  const discover = modernRequest('server/discover')
  const challengeOf = async (credential: string | undefined, headers: Headers = {}) =>
    post(rig, credential, discover.body, { ...discover.headers, ...headers })

  await suite.test(
    'without a credential: 401, where to look, what to ask for, and no error [S-AU-10] [S-AU-22] [S-TR-06] [S-SB-07] [CF-5]',
    async (t) => {
      const answer = await challengeOf(undefined)
      t.equal(answer.status, 401)
      t.equal(answer.headers['www-authenticate'], `Bearer scope="notes:read", resource_metadata="${METADATA}"`)
      t.match(answer.body, { jsonrpc: '2.0', error: { code: 401 } })
      t.notOk('id' in answer.body)
      for (const method of ['GET', 'DELETE', 'PUT'] as const) {
        const probe = await rig.server.inject({
          method,
          url: '/mcp',
          headers: { host: 'mcp.example', 'mcp-protocol-version': '2024-11-05' },
        })
        t.equal(probe.statusCode, 401, method)
      }
    },
  )

  await suite.test(
    'GET and DELETE with a credential are 405 and say what is allowed [S-TR-22] [S-LT-14] [S-LT-29] [S-VD-15]',
    async (t) => {
      for (const method of ['GET', 'DELETE', 'PUT'] as const) {
        const headers = { host: 'mcp.example', authorization: `Bearer ${token}` }
        const answer = await rig.server.inject({ method, url: '/mcp', headers })
        t.equal(answer.statusCode, 405, method)
        t.equal(answer.headers.allow, 'POST')
      }
    },
  )

  await suite.test(
    'a bad token is 401 invalid_token, whatever is bad about it [S-AU-11] [S-AU-12] [S-AU-13] [S-AU-23] [S-SB-06]',
    async (t) => {
      const now = Math.floor(Date.now() / 1_000)
      const bad: Record<string, string> = {
        'no token at all': 'garbage',
        'another audience': await rig.token({ aud: 'https://other.example/mcp' }),
        'another issuer': await rig.token({ iss: 'https://evil.example' }),
        expired: await rig.token({ iat: now - 700, exp: now - 100 }),
        'a changed signature': `${token.slice(0, -6)}AAAAAA`,
        'an unknown workspace': await rig.token({ tenant_id: 'nowhere' }),
        'a key that auth does not know': 'notes_bad',
      }
      for (const [what, credential] of Object.entries(bad)) {
        const answer = await challengeOf(credential)
        t.equal(answer.status, 401, what)
        t.match(
          String(answer.headers['www-authenticate']),
          /^Bearer error="invalid_token", error_description="[^"]+", scope=/,
          what,
        )
      }
    },
  )

  await suite.test('a token in the query string is no credential [S-AU-14]', async (t) => {
    const url = `/mcp?access_token=${token}`
    const answer = await rig.server.inject({ method: 'POST', url, headers: { host: 'mcp.example' }, payload: {} })
    t.equal(answer.statusCode, 401)
    t.notMatch(String(answer.headers['www-authenticate']), /error=/)
  })

  await suite.test('a malformed Authorization header is 400 invalid_request [S-AU-27]', async (t) => {
    const answer = await challengeOf(undefined, { authorization: 'Bearer a b' })
    t.equal(answer.status, 400)
    t.match(String(answer.headers['www-authenticate']), /error="invalid_request"/)
  })

  await suite.test(
    'a foreign Host or Origin is 403 before anything else, and nothing runs [S-TR-02] [S-TR-03] [S-TR-04]',
    async (t) => {
      const { headers, body } = modernRequest('tools/call', { name: 'notes_create', arguments: { text: 'x' } })
      for (const foreign of [{ origin: 'http://evil.example' }, { host: 'evil.example' }]) {
        const answer = await post(rig, token, body, { ...headers, ...foreign })
        t.equal(answer.status, 403)
        t.notOk('id' in answer.body)
      }
      t.same(rig.ran, [])
      t.equal((await challengeOf(token, { origin: 'https://mcp.example' })).status, 200)
    },
  )

  await suite.test("bad input gets the protocol's own error [S-TR-10] [S-TR-21] [S-TR-26] [S-BP-01]", async (t) => {
    const table: readonly (readonly [string, unknown, Headers, number, number])[] = [
      ['broken JSON', '{"jsonrpc"', {}, 400, -32_700],
      ['empty body', '', {}, 400, -32_700],
      ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 400, -32_700],
      ['an array', [discover.body], discover.headers, 400, -32_600],
      ['deep', '['.repeat(5_000), {}, 400, -32_600],
      ['text', 'hello', { 'content-type': 'text/plain' }, 415, 415],
      ['a form', 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 415],
      ['no content type', '{}', { 'content-type': undefined }, 415, 415],
      ['huge', `"${'x'.repeat(1_048_600)}"`, {}, 413, 413],
      ['an answer nobody accepts', discover.body, { ...discover.headers, accept: 'text/html' }, 406, 406],
    ]
    for (const [what, body, headers, status, code] of table) {
      const answer = await post(rig, token, body, headers)
      t.equal(answer.status, status, what)
      t.equal(answer.body.error.code, code, what)
      t.notOk('id' in answer.body && answer.body.id === null, what)
    }
    const charset = await post(rig, token, discover.body, {
      ...discover.headers,
      'content-type': 'Application/JSON; charset=utf-8',
    })
    t.equal(charset.status, 200)
  })

  await suite.test(
    'who accepts JSON alone gets JSON, but no stream; who accepts streams alone gets no JSON [S-TR-09] [S-LT-03]',
    async (t) => {
      const ask = (method: string, accept: string) => {
        const { headers, body } = modernRequest(method, { notifications: {} })
        return post(rig, token, body, { ...headers, accept })
      }
      t.equal((await ask('server/discover', 'application/json')).status, 200)
      t.match(await ask('subscriptions/listen', 'application/json'), {
        status: 406,
        body: { id: 1, error: { code: 406 } },
      })
      t.equal((await ask('server/discover', 'text/event-stream')).status, 406)
    },
  )

  await suite.test(
    'a workspace that is suspended, without MCP, or on a plan without it is turned away [L1] [L21] [O2]',
    async (t) => {
      const cases = { late: 423, quiet: 403, poor: 404 } as const
      for (const [tenant, status] of Object.entries(cases)) {
        const answer = await challengeOf(await rig.token({ tenant_id: tenant }))
        t.equal(answer.status, status, tenant)
        t.equal(answer.headers['www-authenticate'], undefined)
        if (tenant === 'late') t.match(answer.body.error.message, /https:\/\/mcp\.example\/settings\/billing/)
      }
    },
  )

  await suite.test('an API key works like a token, until it is revoked [L2]', async (t) => {
    t.equal((await modern(rig, 'notes_good', 'tools/list')).status, 200)
    t.equal((await modern(rig, 'notes_revocable', 'tools/list')).status, 200)
    await rig.revoke({ kind: 'key', key: 'key2', at: Math.floor(Date.now() / 1_000), reason: 'test' })
    await refusedWithin(t, 1_000, rig, 'notes_revocable')
    t.equal((await modern(rig, 'notes_good', 'tools/list')).status, 200)
  })

  await suite.test(
    'a revoked grant is refused within a second, although its token was just good [S-HS-07]',
    async (t) => {
      const doomed = await rig.token({ grant_id: 'doomed' })
      t.equal((await modern(rig, doomed, 'tools/list')).status, 200)
      await rig.revoke({ kind: 'grant', grant: 'doomed', at: Math.floor(Date.now() / 1_000), reason: 'test' })
      await refusedWithin(t, 1_000, rig, doomed)
    },
  )

  await suite.test('every authenticated answer says what is left of the window, refusals too [L19]', async (t) => {
    const limited = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'] as const
    const answers = [
      await modern(rig, token, 'server/discover'),
      await post(rig, token, '{'),
      await post(rig, token, 'x', { 'content-type': 'text/plain' }),
      await post(rig, token, `"${'x'.repeat(1_048_600)}"`),
      await challengeOf(await rig.token({ tenant_id: 'late' })),
    ]
    for (const answer of answers) {
      for (const name of limited) t.match(String(answer.headers[name]), /^\d+$/, `${answer.status} ${name}`)
      t.match(answer.headers.ratelimit, /^"credential";r=\d+;t=\d+$/)
    }
    const reset = Number(answers[0]?.headers['x-ratelimit-reset'])
    t.ok(reset > Date.now() / 1_000 && reset <= Date.now() / 1_000 + 61)
  })

  await suite.test('a browser of an allowed origin may ask, and reads the challenge [S-TR-27] [S-AU-32]', async (t) => {
    const preflight = (origin: string) =>
      rig.server.inject({ method: 'OPTIONS', url: '/mcp', headers: { host: 'mcp.example', origin } })
    const allowed = await preflight('https://mcp.example')
    t.equal(allowed.statusCode, 204)
    t.match(allowed.headers['access-control-allow-headers'], /Mcp-Name/)
    t.equal((await preflight('https://evil.example')).statusCode, 403)
    const challenged = await challengeOf(undefined, { origin: 'https://mcp.example' })
    t.match(challenged.headers['access-control-expose-headers'], /WWW-Authenticate/)
  })

  await suite.test(
    'a session id and a Last-Event-ID mean nothing to a stateless request [S-TR-23] [S-TR-24] [S-VD-17] [S-CA-09]',
    async (t) => {
      const answer = await challengeOf(token, { 'mcp-session-id': 'abc', 'last-event-id': '7' })
      t.equal(answer.status, 200)
      t.equal(answer.headers['mcp-session-id'], undefined)
      t.equal(answer.headers['cache-control'], 'no-store')
      t.equal(VERSION in answer.body, false)
    },
  )
})

test('the metadata of the resource', async (suite) => {
  const rig = await openRig(parts)
  suite.teardown(() => rig.close())
  const at = (method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'DELETE', url: string, headers = {}) =>
    rig.server.inject({ method, url: `/.well-known/oauth-protected-resource${url}`, headers })

  await suite.test(
    'it stands at the inserted and at the root path, for everyone [S-AU-01] [S-AU-02] [S-AU-03] [S-AU-08] [CF-6]',
    async (t) => {
      for (const url of ['/mcp', '']) {
        const answer = await at('GET', url)
        t.equal(answer.statusCode, 200)
        t.same(answer.json(), {
          resource: 'https://mcp.example/mcp',
          authorization_servers: ['https://auth.example'],
          scopes_supported: ['notes:read', 'notes:write'],
          bearer_methods_supported: ['header'],
          resource_name: 'Notes',
        })
        t.match(answer.headers, {
          'content-type': /^application\/json/,
          'access-control-allow-origin': '*',
          'cache-control': /max-age/,
        })
        t.equal((await at('GET', url, { 'if-none-match': answer.headers.etag })).statusCode, 304)
      }
    },
  )

  await suite.test(
    'it names what can be asked for and nothing beyond it, in the spelling that tokens are for [S-AU-04, S-AU-05, S-AU-06, S-SB-12, S-SB-15]',
    async (t) => {
      const document = (await at('GET', '/mcp')).json()
      const { resource, authorization_servers: servers, scopes_supported: scopes } = document
      t.equal(new URL(resource).href, resource)
      t.notMatch(resource, /#|\?|\/$|[A-Z]/)
      for (const url of [resource, ...servers]) t.match(url, /^https:/)
      t.notMatch(JSON.stringify(scopes), /offline_access|\*|notes:only/)
      for (const value of Object.values(document)) t.notSame(value, [])
      const { headers } = await post(rig, undefined, {})
      t.match(headers['www-authenticate'], 'scope="notes:read"')
      t.notMatch(
        headers['www-authenticate'],
        /offline_access|\*|notes:write/,
        'of the catalog only what is needed at first',
      )
    },
  )

  await suite.test('HEAD and OPTIONS are served, the rest is 405 [S-AU-08]', async (t) => {
    const head = await at('HEAD', '/mcp')
    t.equal(head.statusCode, 200)
    t.equal(head.body, '')
    t.match((await at('OPTIONS', '/mcp')).headers, { 'access-control-allow-headers': /MCP-Protocol-Version/ })
    for (const method of ['POST', 'DELETE'] as const) {
      const answer = await at(method, '/mcp')
      t.equal(answer.statusCode, 405)
      t.equal(answer.headers.allow, 'GET, HEAD, OPTIONS')
    }
  })
})

async function refusedWithin(t: Test, ms: number, rig: Rig, credential: string): Promise<void> {
  const ends = Date.now() + ms
  while (Date.now() < ends) {
    if ((await modern(rig, credential, 'tools/list')).status === 401) {
      t.pass(`refused within ${ms} ms`)
      return
    }
  }
  t.fail(`still accepted after ${ms} ms`)
}

test('a fault of ours before or behind the credential is 500 with the request id, and nothing of the fault', async (t) => {
  const fault = (): never => {
    throw new Error('hunter2 at 10.0.0.7')
  }
  const before = await openRig(parts, { verifier: { known: () => undefined, verify: async () => fault() } })
  const kv = await openKeyValue('memory:')
  t.teardown(() => kv.close())
  const behind = await openRig(parts, { kv: { ...kv, increment: async () => fault() } })
  for (const rig of [before, behind]) {
    t.teardown(() => rig.close())
    const { headers, body } = modernRequest('server/discover')
    const answer = await post(rig, await rig.token(), body, headers)
    t.equal(answer.status, 500)
    t.match(answer.text, String(answer.headers['x-request-id']))
    t.notMatch(answer.text, /hunter2|10\.0\.0\.7|\.ts|node:| at /)
  }
})

test('while revocations do not come, auth is asked; without its word a credential is believed for the grace alone [S-AU-16]', async (t) => {
  const said: { readonly active: boolean; readonly tenant_status?: 'active' | 'suspended' }[] = []
  let freshness: 'fresh' | 'stale' | 'expired' = 'stale'
  const clock = { at: Date.now(), now: () => clock.at }
  const rig = await openRig(parts, {
    clock,
    feed: { ...parts.feed.view, freshness: () => freshness },
    introspect: async () => {
      clock.at += 2_000
      const next = said.shift()
      if (next === undefined) throw new Error('auth is away')
      return next
    },
  })
  t.teardown(() => rig.close())
  const token = await rig.token()
  const status = async (state: typeof freshness, ...answers: typeof said) => {
    freshness = state
    said.splice(0, said.length, ...answers)
    clock.at += 2_000
    return (await modern(rig, token, 'tools/list')).status
  }
  t.equal(await status('stale', { active: true }), 200)
  t.equal(await status('stale', { active: false }), 401)
  t.equal(await status('stale', { active: true, tenant_status: 'suspended' }), 423)
  t.equal(await status('stale'), 200, 'auth is away, inside the grace')
  t.equal(await status('expired'), 503, 'and after it')
  t.equal(await status('expired', { active: true }), 200, 'the word of auth is as good as the feed')
  t.equal(await status('fresh'), 200, 'nobody is asked')
})

test('a request with two Hosts or an encoded body is refused before it is read', async (t) => {
  const rig = await openRig(parts)
  t.teardown(() => rig.close())
  const { headers, body } = modernRequest('tools/list')
  const token = await rig.token()
  const encoded = await post(rig, token, body, { ...headers, 'content-encoding': 'gzip' })
  t.match(encoded, { status: 415, headers: { 'accept-encoding': 'identity' }, body: { error: { code: 415 } } })
  t.equal((await post(rig, token, body, { ...headers, 'content-encoding': 'Identity' })).status, 200)
  const said = await onSocket(
    await listenOn(rig),
    'POST /mcp HTTP/1.1\r\nHost: mcp.example\r\nHost: evil.example\r\nContent-Length: 2\r\n\r\n{}',
  )
  t.match(said, /^HTTP\/1.1 400 /)
})

/** What the server answers to these bytes. */
function onSocket(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.once('data', (chunk: Buffer) => {
      socket.destroy()
      resolve(chunk.toString())
    })
    socket.once('error', reject)
  })
}
