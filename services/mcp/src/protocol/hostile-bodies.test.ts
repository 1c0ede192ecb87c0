import { once } from 'node:events'
import { heapUsed } from '@gatehouse/testkit'
import { t as file, test } from 'tap'
import { openLegacy } from '../testing/legacy-client.ts'
import { listenOn } from '../testing/listening.ts'
import { bytesOf, openRaw, type RawRequest, sendRaw } from '../testing/raw-client.ts'
import { ORIGIN, openParts, openRig } from '../testing/rig.ts'
import { TALKS } from '../testing/talks-catalog.ts'
import { META, modernRequest, post } from '../testing/wire.ts'

const MIB = 1_048_576
const parts = await openParts()
const rig = await openRig(parts, { catalogs: [TALKS] })
const port = await listenOn(rig)
const token = await rig.token()
file.teardown(async () => {
  await rig.close()
  await parts.close()
})

const HEADERS: RawRequest['headers'] = [
  ['Host', new URL(ORIGIN).host],
  ['Authorization', `Bearer ${token}`],
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json, text/event-stream'],
]
const raw = (body: Buffer | string, headers = HEADERS): Buffer =>
  bytesOf({ method: 'POST', path: '/mcp', headers, body: Buffer.from(body) })

/** Writes pieces as fast as they are taken, until all are written or the server has closed. How many bytes left, and what came back. */
async function pour(head: string, piece: Buffer, pieces: number) {
  const { socket, closed } = openRaw(port)
  let heard = ''
  let over = false
  socket.on('data', (chunk: Buffer) => {
    heard += chunk
  })
  void closed.then(() => {
    over = true
  })
  socket.write(head)
  for (let at = 0; at < pieces && !over && heard === ''; at += 1) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), closed])
  }
  const { bytesWritten } = socket
  if (heard === '') await Promise.race([once(socket, 'data').catch(() => undefined), closed])
  socket.destroy()
  return { heard, bytesWritten }
}

const HEAD = `POST /mcp HTTP/1.1\r\n${HEADERS.map(([name, value]) => `${name}: ${value}\r\n`).join('')}`

test('a body of 100 MB is refused before it is read, with its length in the header or in chunks [S-TR-26]', async (t) => {
  const piece = Buffer.alloc(65_536, 'x')
  const chunk = Buffer.concat([Buffer.from('10000\r\n'), piece, Buffer.from('\r\n')])
  await pour(`${HEAD}Content-Length: ${100 * MIB}\r\n\r\n`, piece, 1_600)
  const before = heapUsed() + process.memoryUsage().arrayBuffers
  const told = await pour(`${HEAD}Content-Length: ${100 * MIB}\r\n\r\n`, piece, 1_600)
  t.match(told.heard, /^HTTP\/1\.1 413 .*"code":413/s)
  t.ok(told.bytesWritten < 10 * MIB, `${told.bytesWritten} bytes were taken`)
  const chunked = await pour(`${HEAD}Transfer-Encoding: chunked\r\n\r\n`, chunk, 1_600)
  t.match(chunked.heard, /^HTTP\/1\.1 413 .*"code":413/s)
  t.ok(chunked.bytesWritten < 10 * MIB, `${chunked.bytesWritten} bytes were taken`)
  const grown = heapUsed() + process.memoryUsage().arrayBuffers - before
  t.ok(grown < 5 * MIB, `${grown} bytes more`)
})

test('who is not let in is answered before the body: not even a part of it is kept', async (t) => {
  const head = HEAD.replace(token, 'x.y.z')
  const { heard, bytesWritten } = await pour(`${head}Content-Length: ${100 * MIB}\r\n\r\n`, Buffer.alloc(65_536), 1_600)
  t.match(heard, /^HTTP\/1\.1 401 /)
  t.ok(bytesWritten < 10 * MIB, `${bytesWritten} bytes were taken`)
})

/** Milliseconds that the answer took, and the answer. */
async function timed(bytes: Buffer) {
  const begun = performance.now()
  const answer = await sendRaw(port, bytes)
  return { ...answer, took: performance.now() - begun }
}

const deep = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const inParams = (what: string): string => `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${what}}}`

test('what is nested thousands deep, and what is cut off in the depth, is refused in no time [S-BP-22]', async (t) => {
  for (const body of [
    deep(10_000),
    objects(10_000),
    inParams(deep(10_000)),
    inParams(objects(10_000)),
    '['.repeat(MIB - 1),
    '{"a":'.repeat(200_000),
  ]) {
    const { status, messages, took } = await timed(raw(body))
    t.equal(status, 400)
    t.match(messages, [{ error: { code: -32_600, message: 'The body is nested too deeply.' } }])
    t.ok(took < 500, `${Math.round(took)} ms`)
  }
})

test('an array of a thousand requests is refused whole, and nothing of it is done', async (t) => {
  const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'media', arguments: {} } }
  const batch = Array.from({ length: 1_000 }, (_, id) => ({ ...call, id }))
  const client = await openLegacy(rig, token, '2025-03-26')
  const before = (await rig.auditEvents()).length
  for (const headers of [HEADERS, [...HEADERS, ['Mcp-Session-Id', client.session] as const]]) {
    const { status, messages, took } = await timed(raw(JSON.stringify(batch), headers))
    t.equal(status, 400)
    t.match(messages, [{ error: { code: -32_600, message: /At most 50/ } }])
    t.ok(took < 500, `${Math.round(took)} ms`)
  }
  t.equal((await rig.auditEvents()).length, before)
})

const many = (count: number, item: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => item(at)).join()

/** JSON that costs much to look at where a schema, a hash or the text of an error goes through all of it. */
const BOMBS: Readonly<Record<string, string>> = {
  'sixty thousand members': `{${many(60_000, (at) => `"k${at}":0`)}}`,
  'a long array': `[${many(300_000, () => '0')}]`,
  'a schema of schemas': `{"$ref":"#","allOf":[${many(20_000, () => '{"$ref":"#/allOf/0"}')}]}`,
  'a string of a megabyte': `"${'a'.repeat(MIB - 2_000)}"`,
  'a text that patterns go back in': `"${'a@'.repeat(200_000)}!"`,
  'a number of many digits': '9'.repeat(300_000),
}
const BOMB = 'what a bomb takes the place of'
const withBomb = (value: unknown, bomb: string): string => JSON.stringify(value).replace(`"${BOMB}"`, () => bomb)

for (const [kind, bomb] of Object.entries(BOMBS)) {
  test(`${kind}: refused cheaply as arguments, as answers and as what a client declares [S-JS-06]`, async (t) => {
    const requests: [string, Record<string, unknown>][] = [
      ['tools/call', { name: 'steps', arguments: BOMB }],
      ['tools/call', { name: 'steps', arguments: { count: BOMB } }],
      ['tools/call', { name: 'greet', inputResponses: { user: { action: 'accept', content: BOMB } } }],
      [
        'tools/call',
        { name: 'greet', inputResponses: { user: { action: 'accept', content: { name: 1, more: BOMB } } } },
      ],
      ['tools/call', { name: 'greet', inputResponses: BOMB }],
      ['tools/call', { name: 'greet', requestState: BOMB }],
      ['prompts/get', { name: 'review', arguments: { note: BOMB } }],
      ['completion/complete', { ref: { type: 'ref/prompt', name: 'review' }, argument: { name: 'note', value: BOMB } }],
      ['tools/list', { cursor: BOMB }],
      ['resources/read', { uri: BOMB }],
      ['subscriptions/listen', { notifications: { resourceSubscriptions: BOMB } }],
    ]
    for (const [method, params] of requests) {
      const { headers, body } = modernRequest(method, params)
      const meta = { ...META, 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }
      const lines = Object.entries(headers).map(([name, value]): readonly [string, string] => [
        name,
        value.slice(0, 99),
      ])
      const text = withBomb({ ...body, params: { ...params, _meta: meta } }, bomb)
      const { status, text: said, took } = await timed(raw(text, [...HEADERS, ...lines]))
      const where = `${method} ${Object.keys(params)}`
      t.ok(status === 200 || status === 400, `${where}: ${status}`)
      // Answers under keys that nothing was asked under are left out, so that the question is put again.
      t.match(said, /"error":|"isError":true|"input_required"/, where)
      t.ok(said.length < 5_000, `${where}: an answer of ${said.length} characters`)
      t.ok(took < 1_500, `${where}: ${Math.round(took)} ms`)
    }
  })
}

test('an answer without measure to a question of a session ends its call and nothing else', async (t) => {
  const client = await openLegacy(rig, token)
  for (const [kind, bomb] of Object.entries(BOMBS)) {
    const calling = await client.request(rig, kind, 'tools/call', { name: 'greet', arguments: {} })
    const question = await calling.next(({ json }) => json?.method === 'elicitation/create')
    const begun = performance.now()
    const reply = { jsonrpc: '2.0', id: question.json.id, result: { action: 'accept', content: BOMB } }
    const taken = await sendRaw(
      port,
      raw(withBomb(reply, bomb), [
        ...HEADERS,
        ['Mcp-Session-Id', client.session],
        ['MCP-Protocol-Version', client.version],
      ]),
    )
    t.equal(taken.status, 202, kind)
    const answer = await calling.next(({ json }) => json?.id === kind)
    const took = performance.now() - begun
    t.match(answer.json.error ?? answer.json.result, answer.json.error ? { code: -32_602 } : { isError: true }, kind)
    t.ok(JSON.stringify(answer.json).length < 2_000, kind)
    t.ok(took < 1_500, `${kind}: ${Math.round(took)} ms`)
  }
  t.equal((await client.request(rig, 1, 'tools/list')).status, 200)
})

test('capabilities of any size are declared at a price that stays small', async (t) => {
  const { headers, body } = modernRequest('tools/list')
  const declared = { ...META, 'io.modelcontextprotocol/clientCapabilities': BOMB }
  const text = withBomb({ ...body, params: { _meta: declared } }, BOMBS['sixty thousand members'] ?? '')
  const answer = await post(rig, token, text, headers)
  t.equal(answer.status, 200)
  const capabilities = { elicitation: {}, experimental: JSON.parse(BOMBS['a long array'] ?? '') }
  const client = await openLegacy(rig, token, '2025-11-25', capabilities)
  t.ok(client.session.length <= 512)
})

test('headers without end are refused by the socket, and so are thousands of them [S-TR-26]', async (t) => {
  const long = [...HEADERS, ['X-Long', 'a'.repeat(100_000)] as const]
  const thousands = [...HEADERS, ...Array.from({ length: 5_000 }, (_, at) => [`X-${at}`, 'a'] as const)]
  for (const headers of [long, thousands]) {
    const { status, head } = await sendRaw(port, raw('{}', headers))
    t.equal(status, 431)
    t.match(head, /content-type: application\/json/i)
  }
  const params = [
    ...HEADERS,
    ...Array.from({ length: 400 }, (_, at) => [`Mcp-Param-${at}`, '=?base64?gICA?='] as const),
  ]
  const { headers, body } = modernRequest('tools/list')
  const answer = await sendRaw(port, raw(JSON.stringify(body), [...params, ...Object.entries(headers)]))
  t.equal(answer.status, 200, 'headers for arguments that no tool mirrors are not looked at')
})

test('who sends half a request holds nothing but its connection, and only for a while', async (t) => {
  const { requestTimeout, headersTimeout } = rig.server.server
  t.ok(requestTimeout > 0 && requestTimeout <= 60_000, 'of a body that does not come')
  t.ok(headersTimeout > 0 && headersTimeout <= 60_000, 'of headers that do not come')
  const bytes = raw(JSON.stringify(modernRequest('tools/list').body))
  const slow = Array.from({ length: 200 }, () => openRaw(port))
  for (const { socket } of slow) socket.write(bytes.subarray(0, bytes.length - 5))
  const { headers, body } = modernRequest('tools/list')
  const quick = await timed(raw(JSON.stringify(body), [...HEADERS, ...Object.entries(headers)]))
  t.equal(quick.status, 200)
  t.ok(quick.took < 1_000, `others are served in ${Math.round(quick.took)} ms`)
  for (const { socket } of slow) socket.destroy()
  await Promise.all(slow.map(({ closed }) => closed))
})
