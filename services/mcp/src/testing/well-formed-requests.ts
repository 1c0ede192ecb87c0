import fc from 'fast-check'
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
export const PREFIX = 'io.modelcontextprotocol/'
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

/** Every request of the stateless revision, and every one of a session, once. */
export function eachRequest(live: Live): readonly Made[] {
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
  return [...modern, ...legacy]
}
