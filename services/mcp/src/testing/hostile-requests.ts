import fc from 'fast-check'
import { NAMED_BY } from '../protocol/mirrored.ts'
import type { RawRequest } from './raw-client.ts'
import { eachRequest, type Live, type Made, PREFIX } from './well-formed-requests.ts'

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
    'Mcp-Name': typeof method === 'string' && Object.hasOwn(NAMED_BY, method) ? (taskId ?? uri ?? name) : undefined,
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
  for (const made of eachRequest(live)) {
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
