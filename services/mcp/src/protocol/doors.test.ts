import { request } from 'node:http'
import { t as file, test } from 'tap'
import { listenOn } from '../testing/listening.ts'
import { openParts, openRig, PROFILE } from '../testing/rig.ts'
import { modernRequest, VERSION } from '../testing/wire.ts'

const parts = await openParts()
file.teardown(() => parts.close())

interface Asked {
  readonly method?: 'POST' | 'GET' | 'OPTIONS' | 'DELETE' | 'PUT' | 'HEAD'
  readonly url?: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Buffer
}

interface Said {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

/** What differs from one answer to the next, or belongs to the connection alone. */
const OF_ITS_OWN = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'x-request-id']
const OF_ITS_TIME = ['ratelimit', 'x-ratelimit-remaining', 'x-ratelimit-reset']

function told(status: number, headers: Readonly<Record<string, unknown>>, body: string): Said {
  const kept = Object.entries(headers).filter(([name]) => !OF_ITS_OWN.includes(name))
  const blank = kept.map(([name, value]) => [name, OF_ITS_TIME.includes(name) ? '…' : value] as const)
  return {
    status,
    headers: Object.fromEntries(blank.sort(([a], [b]) => (a < b ? -1 : 1))),
    body: body.replaceAll(/"requestId":"[^"]+"/g, '"requestId":"…"'),
  }
}

function overSocket(port: number, { method = 'POST', url = '/mcp', headers, body }: Asked): Promise<Said> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('end', () => resolve(told(answer.statusCode ?? 0, answer.headers, text)))
    })
    asking.on('error', reject)
    asking.end(body)
  })
}

const discover = modernRequest('server/discover')
const call = (name: string, given: Record<string, unknown>) => modernRequest('tools/call', { name, arguments: given })

test('in front of the router and behind it a request gets the same status, headers and body [S-TR-10] [S-TR-26]', async (t) => {
  const rig = await openRig(parts, { profile: { ...PROFILE, apiKeyInQuery: true } })
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const token = await rig.token()
  const base = {
    host: 'mcp.example',
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const ask = (of: { headers?: object; body?: unknown }, more: Record<string, string> = {}): Asked => ({
    headers: { ...base, ...of.headers, ...more },
    ...(of.body === undefined ? {} : { body: JSON.stringify(of.body) }),
  })
  const without = (name: string, asked: Asked): Asked => ({
    ...asked,
    headers: Object.fromEntries(Object.entries(asked.headers).filter(([each]) => each !== name)),
  })
  const text = (body: string | Buffer, more: Record<string, string> = {}): Asked => ({
    headers: { ...base, ...more },
    body,
  })
  const legacy = { jsonrpc: '2.0', id: 'é', method: 'ping' }
  const table: Readonly<Record<string, Asked>> = {
    discover: ask(discover),
    'a list': ask(modernRequest('tools/list')),
    'a call': ask(call('notes_list', { limit: 1 })),
    'a call with bad arguments': ask(call('notes_list', { limit: 'many' })),
    'a call that fails unexpectedly': ask(call('notes_crash', {})),
    'a tool that is not there': ask(call('nothing', {})),
    'a missing scope': ask(call('notes_create', { text: 'x' }), {
      authorization: `Bearer ${await rig.token({ scope: 'notes:read' })}`,
    }),
    'an API key': ask(discover, { authorization: 'Bearer notes_good' }),
    'an API key in the query': { ...without('authorization', ask(discover)), url: '/mcp?api_key=notes_good' },
    'a query that means nothing': { ...ask(discover), url: '/mcp?x=1' },
    'a path written otherwise': { ...ask(discover), url: '/%6dcp' },
    'no credential': without('authorization', ask(discover)),
    'a bad credential': ask(discover, { authorization: 'Bearer garbage' }),
    'a malformed credential': ask(discover, { authorization: 'Bearer a b' }),
    'another host': ask(discover, { host: 'evil.example' }),
    'another origin': ask(discover, { origin: 'https://evil.example' }),
    'our origin': ask(discover, { origin: 'https://mcp.example' }),
    'a preflight': { method: 'OPTIONS', headers: { host: 'mcp.example', origin: 'https://mcp.example' } },
    "a stranger's preflight": { method: 'OPTIONS', headers: { host: 'mcp.example', origin: 'https://evil.example' } },
    GET: { method: 'GET', headers: base },
    HEAD: { method: 'HEAD', headers: base },
    PUT: { ...ask(discover), method: 'PUT' },
    DELETE: { method: 'DELETE', headers: base },
    'broken JSON': text('{"jsonrpc"'),
    'no body': text(''),
    'not UTF-8': text(Buffer.from([0x22, 0xff, 0x22])),
    'too deep': text('['.repeat(5_000)),
    'too large': text(`"${'x'.repeat(1_048_600)}"`),
    'as large as may be': text(`"${'x'.repeat(1_048_574)}"`),
    'an encoding': text('{}', { 'content-encoding': 'gzip' }),
    'another type': text('{}', { 'content-type': 'text/plain' }),
    'no type': without('content-type', text('{}')),
    'an answer that nobody accepts': ask(discover, { accept: 'text/html' }),
    'a mirrored header that lies': ask(discover, { 'mcp-method': 'tools/list' }),
    'another version': ask(discover, { 'mcp-protocol-version': '2099-01-01' }),
    'a notification': ask({ body: { jsonrpc: '2.0', method: 'notifications/initialized' } }),
    'a legacy request': ask({ body: legacy }),
    'a batch': ask({ body: [legacy, { ...legacy, id: 2, method: 'tools/list' }] }),
    'a batch that came too late': ask({ headers: { 'mcp-protocol-version': VERSION }, body: [legacy] }),
    'a session that is not there': ask({ body: legacy }, { 'mcp-session-id': 'nothing' }),
    'a workspace that is suspended': ask(discover, {
      authorization: `Bearer ${await rig.token({ tenant_id: 'late' })}`,
    }),
  }
  for (const [what, asked] of Object.entries(table)) {
    const { method = 'POST', url = '/mcp', headers, body } = asked
    const given = { method, url, headers, ...(body === undefined ? {} : { payload: body }) }
    const injected = await rig.server.inject(given)
    const routed = told(injected.statusCode, injected.headers, injected.body)
    t.same(await overSocket(port, asked), routed, what)
    t.equal(routed.headers['x-content-type-options'], 'nosniff', what)
  }
})

test('a request id that is well formed is kept in front of the router too; another one is replaced', async (t) => {
  const rig = await openRig(parts)
  t.teardown(() => rig.close())
  const port = await listenOn(rig)
  const idFor = (given: string): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const headers = { host: 'mcp.example', 'x-request-id': given }
      request({ host: '127.0.0.1', port, method: 'POST', path: '/mcp', headers }, (answer) => {
        answer.resume()
        resolve(answer.headers['x-request-id'])
      })
        .on('error', reject)
        .end()
    })
  t.equal(await idFor('trace-1'), 'trace-1')
  t.match(await idFor('a b"<script>'), /^[0-9a-f-]{36}$/)
})
