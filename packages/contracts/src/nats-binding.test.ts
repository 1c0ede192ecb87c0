import fc from 'fast-check'
import { test } from 'tap'
import { readEventMessage } from './nats-binding.ts'

const time = new Date('2026-03-02T09:30:00Z')
const bytes = (value: unknown) => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))
const ATTRIBUTES = { specversion: '1.0', id: 'e1', source: '/crm', type: 'gatehouse.note.changed.v1', tenantid: 'acme' }
const HEADERS = Object.fromEntries(Object.entries(ATTRIBUTES).map(([name, value]) => [`ce-${name}`, value]))
const DATA = { id: 'n1' }
const EVENT = { ...ATTRIBUTES, time: time.toISOString(), datacontenttype: 'application/json', data: DATA }

const structured = (event: unknown, headers: Record<string, string> = {}) =>
  readEventMessage({ data: bytes(event), headers, time })
const binary = (headers: Record<string, string>, data: unknown = DATA) =>
  readEventMessage({ data: bytes(data), headers, time })

test('structured mode is the whole event, with its content type or without any header', async (t) => {
  t.strictSame(structured(EVENT), EVENT)
  t.strictSame(structured(EVENT, { 'Content-Type': 'application/cloudevents+json; charset=UTF-8' }), EVENT)
  const both = structured(EVENT, { 'content-type': 'application/cloudevents+json', ...HEADERS, 'ce-id': 'other' })
  t.equal(both?.id, 'e1', 'the content type says which mode it is')
})

test('binary mode has the attributes in headers, however they are written, and the data as body', async (t) => {
  t.strictSame(binary({ ...HEADERS, 'content-type': 'application/json' }), EVENT)
  const canonical = Object.fromEntries(
    Object.entries(HEADERS).map(([name, value]) => [name.replace(/(^|-)[a-z]/g, (c) => c.toUpperCase()), value]),
  )
  t.strictSame(binary({ ...canonical, 'Content-Type': 'application/json; charset=utf-8' }), EVENT)
  t.match(binary({ ...HEADERS, 'ce-source': '/gr%C3%BC%C3%9Fe' }), { source: '/grüße' }, 'percent-encoded')
  t.equal(binary(HEADERS, '')?.data, undefined, 'no body is no data')
})

test('what CloudEvents leave open is filled: the time is that of the message', async (t) => {
  t.strictSame(structured({ ...ATTRIBUTES, data: DATA }), EVENT)
  t.equal(binary({ ...HEADERS, 'ce-time': '2026-01-01T00:00:00Z' })?.time, '2026-01-01T00:00:00Z')
  t.match(structured({ ...EVENT, datacontenttype: 'application/json; charset=utf-8' }), EVENT)
})

for (const [what, read] of Object.entries({
  'binary without an id': () =>
    binary(Object.fromEntries(Object.entries(HEADERS).filter(([name]) => name !== 'ce-id'))),
  'binary without a tenant': () =>
    binary(Object.fromEntries(Object.entries(HEADERS).filter(([name]) => name !== 'ce-tenantid'))),
  'binary of another specification': () => binary({ ...HEADERS, 'ce-specversion': '0.3' }),
  'binary with a header that is badly encoded': () => binary({ ...HEADERS, 'ce-source': '%zz' }),
  'binary whose data is no JSON': () => binary(HEADERS, '{'),
  'binary whose data is XML by its type': () => binary({ ...HEADERS, 'content-type': 'application/xml' }, '"x"'),
  'binary with a time that is none': () => binary({ ...HEADERS, 'ce-time': 'yesterday' }),
  'a batch': () => structured([EVENT], { 'content-type': 'application/cloudevents-batch+json' }),
  'structured without a type': () => structured({ ...EVENT, type: undefined }),
  'structured that is no UTF-8': () => readEventMessage({ data: new Uint8Array([0xff]), headers: {}, time }),
  'plain text': () => structured('hello'),
  'an empty message': () => structured(''),
})) {
  test(`${what} is no event`, async (t) => t.equal(read(), undefined))
}

test('data in a header is not believed', async (t) => {
  t.strictSame(binary({ ...HEADERS, 'ce-data': 'forged' })?.data, DATA)
})

test('reading never throws, whatever comes', async () => {
  const headers = fc.dictionary(fc.constantFrom(...Object.keys(HEADERS), 'content-type', 'x'), fc.string())
  fc.assert(
    fc.property(headers, fc.oneof(fc.string(), fc.json()), (given, body) => {
      readEventMessage({ data: bytes(body), headers: { ...HEADERS, ...given }, time })
    }),
    { numRuns: 1_000 },
  )
})
