import { t as file, test } from 'tap'
import { openLegacy } from '../testing/legacy-client.ts'
import { listenOn, openListenWith } from '../testing/listening.ts'
import { bytesOf, sendRaw } from '../testing/raw-client.ts'
import { ORIGIN, openParts, openRig } from '../testing/rig.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { legacy, META, modern, modernRequest, post, VERSION } from '../testing/wire.ts'

const parts = await openParts()
const rig = await openRig(parts)
const talks = await openRig(parts, { catalogs: [TALKS] })
const [port, talksPort] = [await listenOn(rig), await listenOn(talks)]
const token = await rig.token()
file.teardown(async () => {
  await rig.close()
  await talks.close()
  await parts.close()
})

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities'
const CLIENT = 'io.modelcontextprotocol/clientInfo'
const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} }
const withMeta = (method: string, params: Record<string, unknown>, meta: Record<string, unknown>) => {
  const { headers, body } = modernRequest(method, params)
  return { headers, body: { ...body, params: { ...params, _meta: meta } } }
}

test('one path takes it all, and every answer is one JSON object or a stream [S-TR-01, S-TR-13, S-LT-01]', async (t) => {
  const plain = await modern(rig, token, 'server/discover')
  t.equal(plain.status, 200)
  t.match(plain.headers['content-type'], /^application\/json/)
  t.type(plain.body.result, 'object')
  const asking = withMeta('tools/call', { name: 'steps', arguments: { count: 2 } }, { ...META, progressToken: 1 })
  const streamed = await openListenWith(talksPort, token, asking)
  t.equal(streamed.headers['content-type'], 'text/event-stream')
  streamed.leave()
  const client = await openLegacy(rig, token)
  const standing = await client.get(rig)
  t.equal(standing.headers['content-type'], 'text/event-stream', 'GET at the same path')
  standing.leave()
})

test('two nodes list the same in the same bytes, first page and next [S-HS-02]', async (t) => {
  const limits = { pageSize: 2 }
  const [one, two] = await Promise.all([openRig(parts, { limits }), openRig(parts, { limits })])
  t.teardown(() => Promise.all([one.close(), two.close()]))
  let cursor: string | undefined
  let pages = 0
  do {
    const params = cursor === undefined ? {} : { cursor }
    const [here, there] = [
      await modern(one, token, 'tools/list', params),
      await modern(two, token, 'tools/list', params),
    ]
    t.same({ ...here.body.result, nextCursor: 0 }, { ...there.body.result, nextCursor: 0 })
    // Sealed anew each time; either opens what the other gave.
    cursor = there.body.result.nextCursor
    pages += 1
  } while (cursor !== undefined)
  t.ok(pages > 2)
})

/** Sends headers to the letter. */
async function raw(lines: readonly (readonly [string, string])[], body: unknown) {
  const headers = [
    ['HOST', new URL(ORIGIN).host],
    ['authorization', `Bearer ${token}`],
    ['CONTENT-TYPE', 'application/json'],
    ['Accept', '*/*'],
    ...lines,
  ] as const
  return sendRaw(port, bytesOf({ method: 'POST', path: '/mcp', headers, body: Buffer.from(JSON.stringify(body)) }))
}
const codeOf = ({ messages: [message] }: Awaited<ReturnType<typeof raw>>) =>
  (message as { readonly error?: { readonly code: number } }).error?.code

test('names of headers are read in any case, values to the letter without the space around them, and each once [S-HV-16, S-HV-17, S-HV-30]', async (t) => {
  const { body } = modernRequest('tools/call', { name: 'notes_list' })
  const good = [
    ['MCP-PROTOCOL-VERSION', VERSION],
    ['mcp-method', 'tools/call'],
    ['mCp-NaMe', 'notes_list'],
  ] as const
  t.equal((await raw(good, body)).status, 200)
  const spaced = good.map(([name, value]) => [name, ` \t ${value} \t `] as const)
  t.equal((await raw(spaced, body)).status, 200)
  for (const [at, bad] of [
    [1, 'Tools/Call'],
    [1, 'TOOLS/CALL'],
    [2, 'Notes_List'],
    [0, VERSION.replace('-', '- ')],
  ] as const) {
    const changed = await raw(
      good.map((line, place) => (place === at ? ([line[0], bad] as const) : line)),
      body,
    )
    t.equal(changed.status, 400, bad)
    t.equal(codeOf(changed), -32_020, bad)
  }
  for (const line of good) {
    const twice = await raw([...good, line], body)
    t.equal(twice.status, 400, line[0])
    t.equal(codeOf(twice), -32_020, line[0])
  }
})

test('where headers and body name different things nothing is done [S-HV-08, S-HV-09]', async (t) => {
  const before = (await rig.auditEvents()).length
  const { headers, body } = modernRequest('tools/call', { name: 'notes_create', arguments: { text: 'x' } }, 'mine')
  for (const other of [{ 'mcp-name': 'notes_list' }, { 'mcp-method': 'tools/list' }]) {
    const answer = await post(rig, token, body, { ...headers, ...other })
    t.match(answer, { status: 400, body: { id: 'mine', error: { code: -32_020 } } })
  }
  t.notOk(rig.ran.includes('notes_create'))
  t.equal((await rig.auditEvents()).length, before)
})

test('clientInfo need not be there and decides nothing; keys of _meta that are not known are ignored [S-BP-14, S-BP-18, S-BP-20]', async (t) => {
  const { [CLIENT]: _, ...without } = META
  const expected = (await modern(rig, token, 'tools/list')).text
  for (const meta of [
    without,
    { ...META, [CLIENT]: { name: 'gatehouse-admin', version: '999' } },
    { ...META, [CLIENT]: 'no object at all' },
    {
      ...META,
      'io.modelcontextprotocol/tenant': 'globex',
      'dev.mcp/role': 'owner',
      'io.modelcontextprotocol/subscriptionId': 9,
      serverInfo: null,
    },
  ]) {
    const { headers, body } = withMeta('tools/list', {}, meta)
    const answer = await post(rig, token, body, headers)
    t.equal(answer.status, 200)
    t.equal(answer.text, expected)
  }
})

/** MCP 2026-07-28, basic `_meta`: labels that begin with a letter, then a slash, then a name. */
const KEY =
  /^(?:[A-Za-z](?:[A-Za-z\d-]*[A-Za-z\d])?(?:\.[A-Za-z](?:[A-Za-z\d-]*[A-Za-z\d])?)*\/)?[A-Za-z\d](?:[\w.-]*[A-Za-z\d])?$/
const OURS = new Set(['io.modelcontextprotocol/serverInfo', 'io.modelcontextprotocol/subscriptionId'])

function metaKeysIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(key === '_meta' ? Object.keys(inner) : []),
    ...metaKeysIn(inner),
  ])
}

test('keys of _meta are written as the rules have it, and none is made up in a reserved place [S-BP-19]', async (t) => {
  const said: unknown[] = []
  for (const node of [rig, talks]) {
    for (const method of [
      'server/discover',
      'tools/list',
      'resources/list',
      'resources/templates/list',
      'prompts/list',
    ]) {
      said.push((await modern(node, token, method)).body)
    }
    said.push((await modern(node, token, 'tools/call', { name: 'media' })).body)
    said.push((await legacy(node, token, '2025-11-25', 'tools/list')).body)
  }
  const { headers, body } = modernRequest('subscriptions/listen', {
    notifications: { resourceSubscriptions: ['notes://notes'] },
  })
  const stream = await openListenWith(port, token, { headers, body })
  said.push(await stream.next(() => true))
  stream.leave()
  const keys = new Set(said.flatMap(metaKeysIn))
  t.ok(keys.size >= 2)
  for (const key of keys) {
    t.match(key, KEY)
    const [, second] = key.split('/')[0]?.split('.') ?? []
    t.ok(OURS.has(key) || !(key.includes('/') && (second === 'modelcontextprotocol' || second === 'mcp')), key)
  }
})

test('the codes of errors are those that the revision defines, or statuses of HTTP, and stand in the form that clients know [S-BP-06, S-BP-07, S-VD-14]', async (t) => {
  const faulty: [string, Record<string, unknown>, Record<string, string | undefined>][] = [
    ['no/such', {}, {}],
    ['tools/call', { name: 'nothing' }, {}],
    ['tools/call', { name: 'greet' }, {}],
    ['tools/call', { name: 'greet', requestState: 'x' }, {}],
    ['tools/call', { name: 'pages', arguments: { url: 'no' } }, {}],
    ['tools/list', { cursor: 'x' }, {}],
    ['resources/read', { uri: 'notes://nothing' }, {}],
    ['prompts/get', { name: 'nothing' }, {}],
    ['completion/complete', {}, {}],
    ['subscriptions/listen', {}, {}],
    ['tasks/get', { taskId: 'x' }, { 'mcp-name': 'x' }],
    ['tools/list', {}, { 'mcp-method': 'x' }],
    ['tools/list', {}, { 'mcp-protocol-version': '1' }],
    ['tools/list', {}, { accept: 'text/html' }],
    ['tools/list', {}, { 'content-type': 'text/plain' }],
    ['tools/list', {}, { authorization: 'Bearer x' }],
    ['tools/list', {}, { origin: 'http://evil.example' }],
    ['tools/list', {}, { host: 'evil.example' }],
    ['tools/list', {}, { 'mcp-session-id': 'x', 'last-event-id': 'x' }],
  ]
  const codes = new Set<number>()
  for (const [method, params, more] of faulty) {
    const { headers, body } = withMeta(method, params, { ...META, [CAPABILITIES]: more.accept ? {} : ALL })
    const answer = await post(talks, token, body, { ...headers, ...more })
    if (answer.status >= 400) t.match(answer.body, { jsonrpc: '2.0', error: { code: Number, message: String } })
    if (answer.body?.error !== undefined) codes.add(answer.body.error.code)
  }
  for (const bytes of ['', '{', '[]', '5', '{"jsonrpc":"2.0","id":null,"method":"x"}']) {
    codes.add((await post(talks, token, bytes)).body.error.code)
  }
  const unsupported = withMeta('tools/list', {}, { ...META, 'io.modelcontextprotocol/protocolVersion': '1' })
  codes.add((await post(talks, token, unsupported.body, { 'mcp-protocol-version': '1' })).body.error.code)
  const missing = withMeta('tools/call', { name: 'greet' }, META)
  codes.add((await post(talks, token, missing.body, missing.headers)).body.error.code)
  const defined = [-32_700, -32_603, -32_602, -32_601, -32_600, -32_022, -32_021, -32_020]
  t.same(
    [...codes].filter((code) => code < 0).sort((a, b) => a - b),
    defined,
  )
  t.ok([...codes].every((code) => code < 0 || (code >= 400 && code < 500)))
})

test('a notice of cancellation that names nothing of its sender is accepted and changes nothing [S-CX-02, S-CX-03, S-CX-05]', async (t) => {
  const running = modern(rig, token, 'tools/call', { name: 'notes_wait' })
  await rig.gate.entered
  const cancel = (params: unknown) => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params })
  const headers = { 'mcp-protocol-version': VERSION, 'mcp-method': 'notifications/cancelled' }
  const client = await openLegacy(rig, token)
  await (await client.request(rig, 1, 'tools/list')).body
  for (const params of [{ requestId: 1 }, { requestId: 'nobody' }, { requestId: null }, {}, { requestId: { a: 1 } }]) {
    t.equal((await post(rig, token, cancel({ ...params, _meta: META }), headers)).status, 202)
    t.equal((await client.post(rig, cancel(params))).status, 202, 'in a session whose request 1 is answered already')
  }
  t.equal((await client.request(rig, 1, 'tools/list')).status, 200, 'an id that was cancelled too late is good again')
  rig.gate.open()
  t.match(await running, { status: 200, body: { id: 1, result: { structuredContent: {} } } })
})

test('a stream of changes carries no progress and no log, whatever its request wishes for [S-SU-06]', async (t) => {
  const wishes = { ...META, progressToken: 'p', 'io.modelcontextprotocol/logLevel': 'debug' }
  const stream = await openListenWith(
    talksPort,
    token,
    withMeta('subscriptions/listen', { notifications: { toolsListChanged: true } }, wishes),
  )
  await stream.next(() => true)
  const calling = withMeta('tools/call', { name: 'steps', arguments: { count: 3 } }, wishes)
  const called = await openListenWith(talksPort, token, calling)
  await called.next(({ result }) => result !== undefined)
  t.ok(
    called.messages.some(({ method }) => method === 'notifications/progress'),
    'the call has its own',
  )
  t.same(
    stream.messages.map(({ method }) => method),
    ['notifications/subscriptions/acknowledged'],
  )
  stream.leave()
})
