import fc from 'fast-check'
import { NAMED_BY } from '../protocol/mirrored.ts'
import type { RawRequest } from './raw-client.ts'
import { ORIGIN, SSE_PATHS } from './rig.ts'
import { META, VERSION } from './wire.ts'

/** What only a running node can give: the ids that requests carry. */
export interface Live {
  readonly token: string
  readonly session: string
  /** One that may end. */
  readonly spare: string
  readonly events: readonly string[]
  readonly task: string
  readonly state: string
  readonly cursor: string
}

/** A request before anything was done to it. `body` is what its bytes say, where they say anything. */
export interface Made {
  readonly method: string
  readonly path: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: unknown
}

const HOST = new URL(ORIGIN).host
const PREFIX = 'io.modelcontextprotocol/'
const CAPABILITIES = { elicitation: {}, sampling: {}, roots: {}, extensions: { [`${PREFIX}tasks`]: {} } }
const ADA = { action: 'accept', content: { name: 'Ada' } }

const commonHeaders = ({ token }: Live): readonly (readonly [string, string])[] => [
  ['Host', HOST],
  ['Authorization', `Bearer ${token}`],
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json, text/event-stream'],
]

/** The requests of the stateless revision that this server knows, each well formed. */
const modernCalls = ({ task, state, cursor }: Live): readonly (readonly [string, Record<string, unknown>])[] => [
  ['server/discover', {}],
  ...['tools/list', 'resources/list', 'resources/templates/list', 'prompts/list'].flatMap((method) => [
    [method, {}] as const,
    [method, { cursor }] as const,
  ]),
  ['tools/call', { name: 'notes_list', arguments: { limit: 1 } }],
  ['tools/call', { name: 'notes_create', arguments: { text: 'x' } }],
  ['tools/call', { name: 'notes_crash', arguments: {} }],
  ['tools/call', { name: 'steps', arguments: { count: 2 } }],
  ['tools/call', { name: 'greet', arguments: { loud: true }, inputResponses: { user: ADA }, requestState: state }],
  ['tools/call', { name: 'everything', inputResponses: { user: ADA, places: { roots: [{ uri: 'file:///a' }] } } }],
  ['tools/call', { name: 'region', arguments: { zone: 'z', place: { row: 1 }, dry: true } }],
  ['tools/call', { name: 'job_read', arguments: { note: 'x', ms: 0 } }],
  ['tools/call', { name: 'job_ask', arguments: { note: 'x' } }],
  ['tools/call', { name: 'job_erase', arguments: { what: 'x' }, inputResponses: { confirm: { action: 'accept' } } }],
  ['resources/read', { uri: 'notes://notes/n1' }],
  ['resources/read', { uri: 'notes://asked', inputResponses: { user: ADA } }],
  ['prompts/get', { name: 'review', arguments: { note: 'n1', tone: 'kind' } }],
  ['prompts/get', { name: 'ask', inputResponses: { user: ADA } }],
  [
    'completion/complete',
    {
      ref: { type: 'ref/resource', uri: 'notes://secrets/{room}/{id}' },
      argument: { name: 'id', value: 'x' },
      context: { arguments: { room: 'r' } },
    },
  ],
  ['completion/complete', { ref: { type: 'ref/prompt', name: 'review' }, argument: { name: 'note', value: '' } }],
  [
    'subscriptions/listen',
    {
      notifications: {
        toolsListChanged: true,
        resourceSubscriptions: ['notes://notes', 'notes://notes/n1'],
        taskIds: [task],
      },
    },
  ],
  ['tasks/get', { taskId: task }],
  ['tasks/update', { taskId: task, inputResponses: { first: ADA } }],
  ['tasks/cancel', { taskId: task }],
]

const id = fc.oneof(
  fc.maxSafeInteger(),
  fc.string({ maxLength: 300, unit: 'binary' }),
  fc.constantFrom('__proto__', '\u0000', '\ud800', '', 0, -0),
)

export const modernRequests = (live: Live): fc.Arbitrary<Made> =>
  fc
    .tuple(fc.constantFrom(...modernCalls(live)), id, fc.boolean(), fc.boolean())
    .map(([call, own, progress, logs]) => modernRequestOf(live, call, own, progress, logs))

function modernRequestOf(
  live: Live,
  [method, params]: readonly [string, Record<string, unknown>],
  own: unknown,
  progress = false,
  logs = false,
): Made {
  const named = params.name ?? params.uri ?? params.taskId
  return {
    method: 'POST',
    path: '/mcp',
    headers: [
      ...commonHeaders(live),
      ['MCP-Protocol-Version', VERSION],
      ['Mcp-Method', method],
      ...(typeof named === 'string' ? [['Mcp-Name', named] as const] : []),
      ...(params.name === 'region'
        ? ([
            ['Mcp-Param-Zone', 'z'],
            ['Mcp-Param-Row', '1'],
            ['Mcp-Param-Dry', 'true'],
          ] as const)
        : []),
    ],
    body: {
      jsonrpc: '2.0',
      id: own,
      method,
      params: {
        ...params,
        _meta: {
          ...META,
          [`${PREFIX}clientCapabilities`]: CAPABILITIES,
          ...(progress ? { progressToken: 'p' } : {}),
          ...(logs ? { [`${PREFIX}logLevel`]: 'debug' } : {}),
        },
      },
    },
  }
}

const legacyMessages = (live: Live): readonly Record<string, unknown>[] => [
  {
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: CAPABILITIES, clientInfo: { name: 'c', version: '1' } },
  },
  { method: 'ping' },
  { method: 'tools/list', params: { cursor: live.cursor } },
  { method: 'tools/call', params: { name: 'notes_list', arguments: { limit: 1 } } },
  { method: 'tools/call', params: { name: 'steps', arguments: { count: 2 }, _meta: { progressToken: 1 } } },
  { method: 'tools/call', params: { name: 'greet', arguments: {} } },
  { method: 'tools/call', params: { name: 'job_erase', arguments: { what: 'x' }, task: { ttl: 5 } } },
  { method: 'resources/read', params: { uri: 'notes://notes/n1' } },
  { method: 'resources/subscribe', params: { uri: 'notes://notes/n1' } },
  { method: 'resources/unsubscribe', params: { uri: 'notes://notes/n1' } },
  { method: 'prompts/get', params: { name: 'review', arguments: { note: 'n1' } } },
  {
    method: 'completion/complete',
    params: { ref: { type: 'ref/prompt', name: 'review' }, argument: { name: 'note', value: 'f' } },
  },
  { method: 'logging/setLevel', params: { level: 'debug' } },
]

const legacyBodies = (live: Live): fc.Arbitrary<unknown> => {
  const request = fc
    .tuple(fc.constantFrom(...legacyMessages(live)), id)
    .map(([message, own]) => ({ jsonrpc: '2.0', id: own, ...message }))
  const notification = fc.constantFrom<unknown>(
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'x' } },
    { jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken: 'q.a.b', progress: 1 } },
    { jsonrpc: '2.0', id: 'q.a.b', result: ADA },
    { jsonrpc: '2.0', id: 1, error: { code: -1, message: 'no' } },
  )
  return fc.oneof(
    { weight: 4, arbitrary: request },
    { weight: 1, arbitrary: notification },
    { weight: 1, arbitrary: fc.array(fc.oneof(request, notification), { maxLength: 4 }) },
  )
}

const REVISIONS = ['2025-11-25', '2025-06-18', '2025-03-26', undefined]

/** POSTs with and without a session. */
export const legacyRequests = (live: Live): fc.Arbitrary<Made> =>
  fc.tuple(legacyBodies(live), fc.constantFrom(...REVISIONS), fc.boolean()).map(([body, version, within]) => ({
    method: 'POST',
    path: '/mcp',
    headers: [
      ...commonHeaders(live),
      ...(version === undefined ? [] : [['MCP-Protocol-Version', version] as const]),
      ...(within ? [['Mcp-Session-Id', live.session] as const] : []),
    ],
    body,
  }))

/** GETs of a session with all kinds of ids to go on from; requests by the other methods that there are. */
export const streamRequests = (live: Live): fc.Arbitrary<Made> =>
  fc
    .tuple(
      fc.constantFrom('GET', 'GET', 'GET', 'DELETE', 'HEAD', 'PUT', 'OPTIONS'),
      fc.constantFrom('', ...live.events),
    )
    .map(([method, event]) => ({
      method,
      path: '/mcp',
      headers: [
        ...commonHeaders(live),
        ['Mcp-Session-Id', method === 'DELETE' ? live.spare : live.session],
        ...(event === '' ? [] : [['Last-Event-ID', event] as const]),
      ],
      body: undefined,
    }))

/** Both paths of HTTP+SSE. `ticket` names an open stream. */
export const sseRequests = (live: Live, token: string, ticket: string): fc.Arbitrary<Made> =>
  fc.tuple(legacyBodies(live), fc.constantFrom('GET', 'POST'), fc.boolean()).map(([body, method, opens]) => ({
    method,
    path: opens ? SSE_PATHS.sse : ticket,
    headers: commonHeaders({ ...live, token }),
    body: method === 'GET' ? undefined : body,
  }))

/** What stands in a body where something else belongs. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    0.5,
    2 ** 53,
    '',
    '\u0000',
    '\ud800',
    '__proto__',
    'constructor',
    'toString',
    '../../etc/passwd',
    "'; drop table tasks; --",
    '\r\nX-Injected: 1',
    'x'.repeat(300),
    'x'.repeat(70_000),
    [],
    {},
    Array.from({ length: 2_000 }, () => 0),
    Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`k${at}`, {}])),
    JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}'),
    JSON.parse(`${'['.repeat(50)}${']'.repeat(50)}`),
    Array.from({ length: 60 }, (_, at) => ({ jsonrpc: '2.0', id: at, method: 'ping' })),
  ),
  fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }),
  fc.string({ unit: 'binary', maxLength: 50 }),
)

/** Every place inside a value, as the keys on the way to it. */
function placesIn(value: unknown, way: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [way]
  return [way, ...Object.entries(value).flatMap(([key, member]) => placesIn(member, [...way, key]))]
}

type Change = 'replace' | 'remove' | 'add'

function changed(value: unknown, [key, ...rest]: readonly string[], change: Change, odd: unknown): unknown {
  if (key === undefined) {
    if (change !== 'add' || typeof value !== 'object' || value === null) return odd
    return Array.isArray(value) ? [...value, odd] : { ...value, [typeof odd === 'string' ? odd : 'extra']: odd }
  }
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...value] as never) : { ...(value as object) }
  if (rest.length === 0 && change === 'remove') delete copy[key]
  else copy[key] = changed(copy[key], rest, change, odd)
  return copy
}

const oddBody = (body: unknown): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.constantFrom(...placesIn(body)), fc.constantFrom<Change>('replace', 'remove', 'add'), oddValue)
    .map(([place, change, odd]) => changed(body, place, change, odd))

/** Header values as bytes on the wire: latin-1, some of which no parser lets through. */
const oddText = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    ',',
    '*/*',
    'null',
    'text/html',
    'application/json, text/event-stream;q=0',
    '=?base64?SGVs!!!bG8=?=',
    '=?base64??=',
    '=?base64?gICA?=',
    'Bearer',
    'Bearer a.b.c',
    'Basic eDp5',
    'gzip',
    'chunked',
    '999999999999',
    '2026-07-28, 2026-07-28',
    '1900-01-01',
    'p.aaaaaaaaaaaa.999999999',
    'g.9007199254740993.zzzzzzzzzz.a',
    'http://evil.example',
    'a'.repeat(4_000),
    '\u0000',
    '\x7f\x01',
    'ü\u00ff',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
)

/** What is not looked at by the endpoint but by what is before it, and what is. */
const ODD_HEADERS = [
  'Host',
  'Origin',
  'Authorization',
  'Content-Type',
  'Content-Encoding',
  'Accept',
  'MCP-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
  'Mcp-Session-Id',
  'Last-Event-ID',
  'Mcp-Param-Row',
  'Mcp-Param-Zone',
  'X-Request-Id',
  'X-Forwarded-For',
  'Forwarded',
  'Cookie',
  'Expect',
  'Upgrade',
  'Connection',
  'Transfer-Encoding',
  '__proto__',
]

const oddHeaders = (headers: Made['headers']): fc.Arbitrary<Made['headers']> =>
  fc
    .tuple(fc.constantFrom(...ODD_HEADERS), oddText, fc.constantFrom('replace', 'remove', 'repeat'))
    .map(([name, text, how]) => {
      const others = headers.filter(([known]) => known.toLowerCase() !== name.toLowerCase())
      if (how === 'remove') return others
      return [...(how === 'repeat' ? headers : others), [name, text] as const]
    })

const oddPath = (path: string): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.constantFrom('', '/', '//', '?', '?sessionId=', '?sessionId=a&sessionId=b', '?__proto__=1', '%00'),
      fc.webPath(),
    )
    .map(([more, other]) => `${path}${more}${more === '' ? '?' : ''}${other}`)

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}

/** With the headers that repeat the body, where there are any, saying what it says now: else nothing odd would get past them. */
function mirrored(made: Made): Made {
  const { method, params } = membersOf(made.body)
  const { name, uri, taskId, _meta: meta } = membersOf(params)
  const said: Readonly<Record<string, unknown>> = {
    'Mcp-Method': method,
    'Mcp-Name': NAMED_BY[String(method)] === undefined ? undefined : (taskId ?? uri ?? name),
    'MCP-Protocol-Version': membersOf(meta)[`${PREFIX}protocolVersion`],
  }
  const headers = made.headers.map(([header, value]) => {
    const now = Object.hasOwn(said, header) ? said[header] : undefined
    return [header, typeof now === 'string' ? encoded(now) : value] as const
  })
  return { ...made, headers }
}

const encoded = (text: string): string =>
  /^[!-~]*$/.test(text) ? text : `=?base64?${Buffer.from(text).toString('base64')}?=`

/** A well-formed request, one place of which is not as it should be. Its bytes, and what they say where they can be read. */
export function hostile(requests: fc.Arbitrary<Made>): fc.Arbitrary<RawRequest> {
  return requests.chain((made) =>
    fc.oneof(
      { weight: 1, arbitrary: fc.constant(rawOf(made)) },
      { weight: 2, arbitrary: oddBody(made.body).map((body) => rawOf({ ...made, body })) },
      { weight: 4, arbitrary: oddBody(made.body).map((body) => rawOf(mirrored({ ...made, body }))) },
      { weight: 3, arbitrary: oddHeaders(made.headers).map((headers) => rawOf({ ...made, headers })) },
      { weight: 1, arbitrary: oddPath(made.path).map((path) => rawOf({ ...made, path })) },
      { weight: 1, arbitrary: oddBytes(rawOf(made)) },
    ),
  )
}

/** Values that a store, a hash, a header or an object may choke on. */
const SHARP: readonly unknown[] = [
  '\u0000',
  'a\u0000b',
  '\ud800',
  '',
  '__proto__',
  'notes://notes/%00',
  'notes://notes/%E0%A4%A',
  'x'.repeat(3_000),
  null,
  [],
  {},
  -1,
]

/** Every request of the stateless revision, and every one of a session, with each sharp value in each place of its params. */
export function* sharpRequests(live: Live): Generator<RawRequest> {
  const modern = modernCalls(live).map((call, at) => modernRequestOf(live, call, at))
  const within = [...commonHeaders(live), ['Mcp-Session-Id', live.session] as const]
  const legacy = legacyMessages(live).map(
    (message, id): Made => ({
      method: 'POST',
      path: '/mcp',
      headers: within,
      body: { jsonrpc: '2.0', id, ...message },
    }),
  )
  for (const made of [...modern, ...legacy]) {
    const { _meta, ...params } = membersOf(membersOf(made.body).params)
    for (const place of placesIn(params).slice(1)) {
      for (const sharp of SHARP) {
        yield rawOf(mirrored({ ...made, body: changed(made.body, ['params', ...place], 'replace', sharp) }))
      }
    }
  }
}

export const rawOf = ({ body, ...made }: Made): RawRequest => ({
  ...made,
  body: body === undefined ? undefined : Buffer.from(JSON.stringify(body)),
})

/** A body that was cut off, or has bytes of its own. */
const oddBytes = (request: RawRequest): fc.Arbitrary<RawRequest> =>
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 4 })).map(([at, bytes]) => {
    const { body = Buffer.alloc(0) } = request
    const place = at % (body.length + 1)
    const more = bytes.length === 0 ? [] : [bytes, body.subarray(place)]
    return { ...request, body: Buffer.concat([body.subarray(0, place), ...more]) }
  })
