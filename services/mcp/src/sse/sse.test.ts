import { openKeyValue } from '@gatehouse/kv'
import { freePort } from '@gatehouse/testkit'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { ElicitRequestSchema, ResourceUpdatedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { t as file, type Test, test } from 'tap'
import { listening, postTo, urlOf } from '../testing/legacy-client.ts'
import { ORIGIN, openParts, openRig, PROFILE, RESOURCE, type Rig, SSE_PATHS, SSE_RESOURCE } from '../testing/rig.ts'
import { type Hearing, hear, type SseEvent } from '../testing/sse-client.ts'
import { talking } from '../testing/talk-catalog.ts'

const parts = await openParts()
file.teardown(() => parts.close())

const HOST = new URL(ORIGIN).host
const profile = { ...PROFILE, paths: { ...PROFILE.paths, ...SSE_PATHS } }
const JSON_TYPE = { 'content-type': 'application/json' }

async function twoNodes(t: Test, over: Partial<typeof profile> = {}) {
  const kv = await openKeyValue('memory:')
  const [one, two] = [talking(), talking()]
  const common = { kv, profile: { ...profile, ...over } }
  const a = await openRig(parts, { ...common, catalogs: one.catalogs })
  const b = await openRig(parts, { ...common, catalogs: two.catalogs })
  await listening(a, b)
  t.teardown(() => Promise.all([a.close(), b.close()]))
  return { a, b, one, kv, token: await a.token({ aud: SSE_RESOURCE }) }
}
const baseOf = (rig: Rig): string => new URL(urlOf(rig)).origin
const bearer = (token: string | undefined) => ({ host: HOST, authorization: token && `Bearer ${token}` })

async function connect(rig: Rig, token: string | undefined, query = '') {
  const stream = await hear(`${baseOf(rig)}${SSE_PATHS.sse}${query}`, { headers: bearer(token) })
  const endpoint = stream.status === 200 ? (await stream.next(({ event }) => event === 'endpoint')).data : undefined
  const post = (at: Rig, body: unknown, as: string | undefined = token): Promise<Hearing> =>
    hear(`${baseOf(at)}${endpoint}`, { method: 'POST', body, headers: { ...bearer(as), ...JSON_TYPE } })
  return { stream, endpoint, post }
}
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'old', version: '1' } },
}
const answerTo = (id: number) => (event: SseEvent) => event.json?.id === id && event.json.method === undefined

test('the stream begins with the address to post to; what is posted at any node is answered on it [S-OS-01] [S-OS-02] [S-OS-03] [S-OS-04] [S-OS-10]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const { stream, endpoint, post } = await connect(a, token)
  t.match(stream.headers, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache, no-transform' })
  t.match(endpoint, /^\/mcp\/messages\?sessionId=[A-Za-z0-9_-]+$/)
  const accepted = await post(b, INITIALIZE)
  t.equal(accepted.status, 202)
  t.equal(await accepted.body, 'Accepted')
  const { json } = await stream.next(answerTo(0))
  t.equal(json.result.protocolVersion, '2024-11-05')
  await post(b, { jsonrpc: '2.0', method: 'notifications/initialized' })
  await post(a, { jsonrpc: '2.0', id: 1, method: 'tools/list' })
  const listed = await stream.next(answerTo(1))
  t.notOk(listed.json.result.tools[0].annotations, 'its revision has none')
  await post(b, { jsonrpc: '2.0', id: 2, method: 'no/such' })
  t.equal((await stream.next(answerTo(2))).json.error.code, -32_601)
  stream.leave()
})

test('the oldest revision is agreed on without headers of later ones; what it does not know is not sent [S-OS-07] [S-OS-08] [S-OS-14]', async (t) => {
  const { a, token } = await twoNodes(t)
  const { stream, post } = await connect(a, token)
  const headers = {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache, no-transform',
    connection: 'keep-alive',
  }
  t.match(stream.headers, headers)
  t.equal(stream.headers['mcp-session-id'], undefined)
  await post(a, INITIALIZE)
  t.equal((await stream.next(answerTo(0))).json.result.serverInfo.title, undefined)
  await post(a, { jsonrpc: '2.0', id: 1, method: 'tools/list' })
  for (const tool of (await stream.next(answerTo(1))).json.result.tools) {
    for (const later of ['title', 'annotations', 'outputSchema', 'icons']) t.notOk(later in tool, later)
  }
  await post(a, { jsonrpc: '2.0', id: 2, method: 'resources/read', params: { uri: 'notes://nothing' } })
  t.equal((await stream.next(answerTo(2))).json.error.code, -32_002)
  stream.leave()
})

test('a page of another origin may neither open a stream nor post to one [S-OS-05]', async (t) => {
  const { a, token } = await twoNodes(t)
  const { stream, endpoint } = await connect(a, token)
  const headers = { ...bearer(token), ...JSON_TYPE, origin: 'https://evil.example' }
  t.equal((await hear(`${baseOf(a)}${SSE_PATHS.sse}`, { headers })).status, 403)
  t.equal((await hear(`${baseOf(a)}${endpoint}`, { method: 'POST', body: INITIALIZE, headers })).status, 403)
  stream.leave()
})

test('the address to post to is of the same origin, and begins as the operator says [S-OS-11]', async (t) => {
  const rig = await openRig(parts, { profile, catalogs: talking().catalogs, sseBasePath: '/behind/proxy' })
  await listening(rig)
  t.teardown(() => rig.close())
  const { stream, endpoint } = await connect(rig, await rig.token({ aud: SSE_RESOURCE }))
  t.match(endpoint, /^\/behind\/proxy\/mcp\/messages\?sessionId=/)
  stream.leave()
})

test('a profile without the paths does not have the transport [S-OS-13]', async (t) => {
  const rig = await openRig(parts, { catalogs: talking().catalogs })
  await listening(rig)
  t.teardown(() => rig.close())
  const { stream } = await connect(rig, await rig.token({ aud: SSE_RESOURCE }))
  t.equal(stream.status, 404)
  t.equal(
    (await hear(`${baseOf(rig)}/.well-known/oauth-protected-resource/mcp/sse`, { headers: { host: HOST } })).status,
    404,
  )
})

test('a stream that has closed takes nothing any more: 404, and where to connect again [S-OS-06] [S-OS-09] [L14] [L21]', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const { stream, post } = await connect(a, token)
  stream.leave()
  await stream.body
  for (const node of [a, b]) {
    let answer = await post(node, INITIALIZE)
    // The server hears of the end a moment later.
    for (let tries = 0; answer.status !== 404 && tries < 100; tries += 1) answer = await post(node, INITIALIZE)
    t.equal(answer.status, 404)
    t.match(JSON.parse(await answer.body).error, { code: -32_001, message: /Reconnect at GET \/mcp\/sse\./ })
  }
})

test('tokens of one resource are refused at the other, each with its own challenge [S-OS-12] [L12]', async (t) => {
  const { a, token } = await twoNodes(t)
  const mcpToken = await a.token({ aud: RESOURCE })
  const refused = await connect(a, mcpToken)
  t.equal(refused.stream.status, 401)
  t.match(
    refused.stream.headers['www-authenticate'],
    `resource_metadata="${ORIGIN}/.well-known/oauth-protected-resource/mcp/sse"`,
  )
  const { stream, endpoint } = await connect(a, token)
  const posted = await hear(`${baseOf(a)}${endpoint}`, {
    method: 'POST',
    body: INITIALIZE,
    headers: { ...bearer(mcpToken), ...JSON_TYPE },
  })
  t.equal(posted.status, 401)
  const elsewhere = await postTo(a, token, INITIALIZE)
  t.equal(elsewhere.status, 401)
  t.match(elsewhere.headers['www-authenticate'], 'oauth-protected-resource/mcp"')
  const document = await hear(`${baseOf(a)}/.well-known/oauth-protected-resource/mcp/sse`, { headers: { host: HOST } })
  t.equal(JSON.parse(await document.body).resource, SSE_RESOURCE)
  stream.leave()
})

test("somebody else's stream, a forged one and none are refused [S-OS-06] [S-OS-12]", async (t) => {
  const { a, b, token } = await twoNodes(t)
  const { stream, endpoint, post } = await connect(a, token)
  const other = await a.token({ aud: SSE_RESOURCE, sub: 'somebody' })
  t.equal((await post(b, INITIALIZE, other)).status, 404)
  const at = (path: string) =>
    hear(`${baseOf(b)}${path}`, { method: 'POST', body: INITIALIZE, headers: { ...bearer(token), ...JSON_TYPE } })
  t.equal((await at(`${endpoint}x`)).status, 404)
  t.equal((await at(SSE_PATHS.messages)).status, 400)
  t.equal((await post(b, [INITIALIZE])).status, 400)
  t.equal((await post(b, { jsonrpc: '1.0' })).status, 400)
  stream.leave()
})

test('a missing scope is a 403 on the POST, at the node that received it; nothing runs', async (t) => {
  const { a, b } = await twoNodes(t)
  const { stream, post } = await connect(a, await a.token({ aud: SSE_RESOURCE, scope: 'notes:none' }))
  const refused = await post(b, { jsonrpc: '2.0', id: 4, method: 'tools/call', params: { name: 'talk_steps' } })
  t.equal(refused.status, 403)
  t.match(refused.headers['www-authenticate'], 'insufficient_scope')
  t.match(refused.headers['www-authenticate'], 'oauth-protected-resource/mcp/sse')
  t.match(JSON.parse(await refused.body), { id: 4 })
  stream.leave()
})

test('a key in the query is taken only where the profile says so, and the address to post to does not hold it [U3] [U4]', async (t) => {
  const off = await twoNodes(t)
  t.equal((await connect(off.a, undefined, '?api_key=notes_good')).stream.status, 401)
  const { a, b } = await twoNodes(t, { apiKeyInQuery: true })
  const { stream, endpoint, post } = await connect(a, undefined, '?api_key=notes_good')
  t.equal(stream.status, 200)
  t.notMatch(endpoint, 'notes_good')
  t.equal((await post(b, INITIALIZE)).status, 202)
  t.ok(await stream.next(answerTo(0)))
  t.equal(
    (await connect(a, undefined, `?api_key=${await a.token({ aud: SSE_RESOURCE })}`)).stream.status,
    401,
    'no token there',
  )
  stream.leave()
})

test('at the other endpoint too a key in the query is taken only where the profile says so [U4]', async (t) => {
  for (const apiKeyInQuery of [false, true]) {
    const { a } = await twoNodes(t, { apiKeyInQuery })
    const body = { jsonrpc: '2.0', id: 1, method: 'tools/list' }
    const at = (key: string) =>
      hear(`${urlOf(a)}?api_key=${key}`, { method: 'POST', body, headers: { host: HOST, ...JSON_TYPE } })
    t.equal((await at('notes_good')).status, apiKeyInQuery ? 200 : 401)
    t.equal((await at(await a.token())).status, 401, 'a token never')
  }
})

test('an address that was given to a key is worth nothing once the key is taken back', async (t) => {
  const { a, b } = await twoNodes(t, { apiKeyInQuery: true })
  const { stream, post } = await connect(a, undefined, '?api_key=notes_revocable')
  t.equal((await post(b, INITIALIZE)).status, 202)
  await a.revoke({ kind: 'key', key: 'key2', at: Math.floor(Date.now() / 1_000), reason: 'a test' } as never)
  await stream.body
  t.equal((await post(b, INITIALIZE)).status, 401)
})

test('a message too long for a channel reaches the stream all the same', async (t) => {
  const { a, b, token } = await twoNodes(t)
  const { stream, post } = await connect(a, token)
  const params = { name: 'talk_steps', arguments: { name: 'x'.repeat(200_000) } }
  t.equal((await post(b, { jsonrpc: '2.0', id: 9, method: 'no/such', params })).status, 202)
  t.equal((await stream.next(answerTo(9))).json.error.code, -32_601)
  stream.leave()
})

test('an official client of that time calls, subscribes and is asked [S-VD-16]', async (t) => {
  const port = await freePort()
  const rig = await openRig(parts, { profile, catalogs: talking().catalogs, allowedHosts: [`127.0.0.1:${port}`] })
  t.teardown(() => rig.close())
  await rig.server.listen({ host: '127.0.0.1', port })
  const authorization = `Bearer ${await rig.token({ aud: SSE_RESOURCE })}`
  const fetchAs = (url: string | URL, init?: RequestInit) =>
    fetch(url, { ...init, headers: { ...Object.fromEntries(new Headers(init?.headers)), authorization } })

  const client = new Client({ name: 'sdk', version: '1' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }))
  const updated = new Promise<string>((resolve) => {
    client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri))
  })
  const url = new URL(`http://127.0.0.1:${port}${SSE_PATHS.sse}`)
  await client.connect(new SSEClientTransport(url, { fetch: fetchAs, eventSourceInit: { fetch: fetchAs } }))
  t.same((await client.callTool({ name: 'talk_ask' })).structuredContent, { user: 'Ada' })
  await client.subscribeResource({ uri: 'notes://notes/n1' })
  await rig.changeNote('acme', 'n1')
  t.equal(await updated, 'notes://notes/n1')
  await client.close()
})
