import { type Test, test } from 'tap'
import { buildRegistry } from '../registry/build.ts'
import { notesCatalog } from '../testing/notes-catalog.ts'
import { PROFILE } from '../testing/rig.ts'
import { type Classified, classify, type Mirrors } from './classify.ts'
import { offeredBy } from './methods.ts'

const OFFERED = offeredBy(buildRegistry(PROFILE, [{ catalog: notesCatalog, domain: () => ({}) }]))

const PV = 'io.modelcontextprotocol/protocolVersion'
const CC = 'io.modelcontextprotocol/clientCapabilities'
const V = '2026-07-28'
const meta = { [PV]: V, [CC]: {} }
const ask = (method: string, params: object = {}, id: unknown = 7) => ({ jsonrpc: '2.0', id, method, params })
const modern = (method: string, params: object = {}, id: unknown = 7) => ask(method, { ...params, _meta: meta }, id)
const mirrors = (method?: string, name?: string, version: string | undefined = V): Mirrors => ({
  version,
  method,
  name,
})
const none: Mirrors = { version: undefined, method: undefined, name: undefined }
const only = (version: string): Mirrors => ({ ...none, version })

/** A case is its name, body, headers and what comes of it: status, code and id, or kind, revision and method. */
type Case = readonly [string, unknown, Mirrors, string]

const say = (classified: Classified): string => {
  switch (classified.kind) {
    case 'refused':
      return `${classified.status} ${classified.code} ${'id' in classified ? JSON.stringify(classified.id) : '-'}`
    case 'request':
      return `${classified.revision} ${classified.method} ${JSON.stringify(classified.id)}`
    case 'batch':
      return `batch ${classified.requests.map((request) => request.method).join(',')}`
    case 'notification':
      return `notification ${classified.revision}`
  }
}
const walk =
  (cases: readonly Case[]) =>
  async (t: Test): Promise<void> => {
    for (const [what, body, headers, expected] of cases) t.equal(say(classify(body, headers, OFFERED)), expected, what)
  }

test(
  'a body that is no JSON-RPC message is -32600, with its id where there is one [S-BP-01] [S-TR-21] [S-BP-05]',
  walk([
    ['null', null, none, '400 -32600 -'],
    ['a string', 'x', none, '400 -32600 -'],
    ['a number', 5, none, '400 -32600 -'],
    ['no jsonrpc', { id: 1, method: 'ping' }, none, '400 -32600 1'],
    ['another jsonrpc', { jsonrpc: '1.0', id: 'a', method: 'ping' }, none, '400 -32600 "a"'],
    ['no method', { jsonrpc: '2.0', id: 1 }, none, '400 -32600 1'],
    ['a method that is a number', { jsonrpc: '2.0', id: 1, method: 5 }, none, '400 -32600 1'],
    ['id null', ask('ping', {}, null), none, '400 -32600 -'],
    ['id without end', ask('ping', {}, 'a'.repeat(257)), none, '400 -32600 -'],
    ['id with a fraction', ask('ping', {}, 1.5), none, '400 -32600 -'],
    ['id an object', ask('ping', {}, {}), none, '400 -32600 -'],
    ['params an array', { jsonrpc: '2.0', id: 1, method: 'ping', params: [] }, none, '400 -32600 1'],
    ['a request without id', { jsonrpc: '2.0', method: 'tools/call', params: {} }, none, '400 -32600 -'],
  ]),
)

test(
  'a modern body is one request, no array and no response [S-TR-07] [S-TR-08]',
  walk([
    ['array', [modern('tools/list')], mirrors('tools/list'), '400 -32600 -'],
    ['array without version header', [modern('tools/list')], none, '400 -32600 -'],
    ['response', { jsonrpc: '2.0', id: 1, result: {} }, only(V), '400 -32600 -'],
  ]),
)

test(
  'the envelope is checked before the version, and both before the mirrored headers [S-BP-13] [S-HV-03] [S-VD-12] [S-VD-13]',
  walk([
    ['no _meta', ask('server/discover'), mirrors('server/discover'), '400 -32602 7'],
    [
      '_meta without version',
      ask('server/discover', { _meta: { [CC]: {} } }),
      mirrors('server/discover'),
      '400 -32602 7',
    ],
    ['_meta without capabilities', ask('tools/list', { _meta: { [PV]: V } }), mirrors('tools/list'), '400 -32602 7'],
    [
      'capabilities no object',
      ask('tools/list', { _meta: { [PV]: V, [CC]: 1 } }),
      mirrors('tools/list'),
      '400 -32602 7',
    ],
    ['version no string', ask('tools/list', { _meta: { [PV]: 5, [CC]: {} } }), none, '400 -32602 7'],
    [
      'unknown version',
      ask('ping', { _meta: { [PV]: 'v9', [CC]: {} } }),
      mirrors('ping', undefined, 'v9'),
      '400 -32022 7',
    ],
    [
      'legacy version in the envelope',
      ask('tools/list', { _meta: { [PV]: '2025-11-25', [CC]: {} } }),
      mirrors('tools/list', undefined, '2025-11-25'),
      '400 -32022 7',
    ],
    ['no clientInfo is fine', modern('tools/list'), mirrors('tools/list'), `${V} tools/list 7`],
  ]),
)

test('an unsupported version is answered with those that are supported [S-HV-03] [S-VD-03]', async (t) => {
  const body = ask('tools/list', { _meta: { [PV]: 'v999.0.0', [CC]: {} } })
  t.match(classify(body, only('v999.0.0'), OFFERED), { data: { supported: [V], requested: 'v999.0.0' } })
})

test(
  'mirrored headers must be there and equal to the body [S-HV-01] [S-HV-02] [S-HV-05] [S-HV-06] [S-HV-09]',
  walk([
    ['no version header', modern('tools/list'), { ...mirrors('tools/list'), version: undefined }, '400 -32020 7'],
    ['another version', modern('tools/list'), mirrors('tools/list', undefined, '2025-11-25'), '400 -32020 7'],
    ['no method', modern('tools/list'), mirrors(), '400 -32020 7'],
    ['another method', modern('tools/list'), mirrors('tools/call'), '400 -32020 7'],
    ['method in capitals', modern('tools/list'), mirrors('TOOLS/LIST'), '400 -32020 7'],
    ['no name', modern('tools/call', { name: 'a' }), mirrors('tools/call'), '400 -32020 7'],
    ['another name', modern('tools/call', { name: 'a' }), mirrors('tools/call', 'b'), '400 -32020 7'],
    ['two names', modern('tools/call', { name: 'a' }), mirrors('tools/call', 'a, a'), '400 -32020 7'],
    ['another uri', modern('resources/read', { uri: 'n://a' }), mirrors('resources/read', 'n://b'), '400 -32020 7'],
    [
      'prompts too, although there are none',
      modern('prompts/get', { name: 'a' }),
      mirrors('prompts/get'),
      '400 -32020 7',
    ],
    ['spaces around', modern('tools/call', { name: 'a' }), mirrors('tools/call', '  a '), `${V} tools/call 7`],
    ['encoded', modern('tools/call', { name: 'ä' }), mirrors('tools/call', '=?base64?w6Q=?='), `${V} tools/call 7`],
    ['a name on a method that has none', modern('tools/list'), mirrors('tools/list', 'x'), `${V} tools/list 7`],
  ]),
)

test(
  'what the modern revision removed or this server lacks is 404 and -32601 [S-HV-04] [S-BP-24] [S-VD-10] [S-VD-05]',
  walk([
    ...[
      'unknown/method',
      'ping',
      'initialize',
      'logging/setLevel',
      'resources/subscribe',
      'completion/complete',
      'roots/list',
    ].map((method): Case => [method, modern(method), mirrors(method), '404 -32601 7']),
    ['prompts/list', modern('prompts/list'), mirrors('prompts/list'), '404 -32601 7'],
    ['constructor', modern('constructor'), mirrors('constructor'), '404 -32601 7'],
  ]),
)

test(
  'a notification is accepted unless its headers contradict it [S-TR-11] [S-TR-12] [S-HV-31]',
  walk([
    [
      'cancelled',
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { _meta: meta } },
      only(V),
      `notification ${V}`,
    ],
    ['without envelope', { jsonrpc: '2.0', method: 'notifications/cancelled' }, only(V), `notification ${V}`],
    ['wrong method', { jsonrpc: '2.0', method: 'notifications/cancelled' }, mirrors('x'), '400 -32020 -'],
    [
      'wrong version',
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { _meta: meta } },
      only('2025-11-25'),
      '400 -32020 -',
    ],
    ['legacy', { jsonrpc: '2.0', method: 'notifications/initialized' }, only('2025-11-25'), 'notification 2025-11-25'],
  ]),
)

test(
  'the body decides the era, and the header the legacy revision [S-VD-09] [S-VD-11] [S-HV-29] [S-LT-31] [S-LT-32]',
  walk([
    ['initialize', ask('initialize'), none, '2025-03-26 initialize 7'],
    ['initialize with an old header', ask('initialize'), only('2024-11-05'), '2025-03-26 initialize 7'],
    ['initialize with the modern header', ask('initialize'), only(V), '400 -32020 7'],
    ['no header', ask('tools/list'), none, '2025-03-26 tools/list 7'],
    ['2025-06-18', ask('tools/list'), only('2025-06-18'), '2025-06-18 tools/list 7'],
    ['2025-11-25', ask('ping'), only('2025-11-25'), '2025-11-25 ping 7'],
    ['unknown header', ask('tools/list'), only('1999-01-01'), '400 -32600 7'],
    ['2024-11-05 is not of this endpoint', ask('tools/list'), only('2024-11-05'), '400 -32600 7'],
    ['unknown method', ask('resources/subscribe'), only('2025-11-25'), '200 -32601 7'],
    ['a modern method', ask('server/discover'), only('2025-11-25'), '200 -32601 7'],
    ['a response', { jsonrpc: '2.0', id: 1, result: {} }, only('2025-11-25'), 'notification 2025-11-25'],
  ]),
)

test(
  'arrays belong to 2025-03-26 alone, and initialize to no array [S-LT-04] [S-LT-05] [S-LT-06]',
  walk([
    ['two requests', [ask('ping', {}, 1), ask('tools/list', {}, 2)], none, 'batch ping,tools/list'],
    ['request and notification', [ask('ping'), { jsonrpc: '2.0', method: 'notifications/x' }], none, 'batch ping'],
    ['notifications', [{ jsonrpc: '2.0', method: 'notifications/x' }], none, 'notification 2025-03-26'],
    ['later revision', [ask('ping')], only('2025-06-18'), '400 -32600 -'],
    ['empty', [], none, '400 -32600 -'],
    ['too many', Array.from({ length: 51 }, (_, at) => ask('ping', {}, at)), none, '400 -32600 -'],
    ['initialize', [ask('initialize')], none, '400 -32600 -'],
    ['broken member', [ask('ping'), 5], none, '400 -32600 -'],
  ]),
)
