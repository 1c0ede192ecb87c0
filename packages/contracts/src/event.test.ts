import fc from 'fast-check'
import { test } from 'tap'
import { z } from 'zod'
import { dataOf, defineEvent, readEvent, sealEvent } from './event.ts'

const NoteWritten = defineEvent('note.written', 2, z.object({ id: z.string(), words: z.number().int() }))
const about = { source: '/catalogs/notes', tenant: 'acme', now: new Date('2026-03-02T09:30:00Z') }
const sealed = sealEvent(NoteWritten, about, { id: 'n1', words: 3 })

test('a sealed event is a CloudEvents 1.0 envelope', async (t) => {
  t.match(sealed, {
    specversion: '1.0',
    id: /^[0-9a-f-]{36}$/,
    source: '/catalogs/notes',
    type: 'gatehouse.note.written.v2',
    time: '2026-03-02T09:30:00.000Z',
    datacontenttype: 'application/json',
    tenantid: 'acme',
    data: { id: 'n1', words: 3 },
  })
  t.notOk('traceparent' in sealed, 'absent rather than null')
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
  t.equal(sealEvent(NoteWritten, { ...about, traceparent }, { id: 'n1', words: 3 }).traceparent, traceparent)
  t.not(sealEvent(NoteWritten, about, { id: 'n1', words: 3 }).id, sealed.id)
})

test('data that does not fit is a bug of the sender', async (t) => {
  // @ts-expect-error words is no text
  t.throws(() => sealEvent(NoteWritten, about, { id: 'n1', words: 'three' }))
})

for (const name of [
  'note',
  'Note.written',
  'note.',
  '.written',
  'note..written',
  'note written',
  'note.*',
  '1note.x',
  '',
]) {
  test(`${JSON.stringify(name)} is no name of an event`, async (t) => {
    t.throws(() => defineEvent(name, 1, z.object({})), TypeError)
  })
}

test('what was sealed is read back, from text and from bytes', async (t) => {
  const text = JSON.stringify(sealed)
  t.strictSame(readEvent(text), sealed)
  t.strictSame(readEvent(new TextEncoder().encode(text)), sealed)
})

test('an envelope of another library is read: offset in the time, no content type', async (t) => {
  const { datacontenttype: _, ...bare } = sealed
  const read = readEvent(JSON.stringify({ ...bare, time: '2026-03-02T10:30:00+01:00' }))
  t.match(read, { datacontenttype: 'application/json', time: '2026-03-02T10:30:00+01:00' })
})

const without = (field: string) => Object.fromEntries(Object.entries(sealed).filter(([name]) => name !== field))

for (const [what, value] of Object.entries({
  'no id': without('id'),
  'an empty id': { ...sealed, id: '' },
  'an id without end': { ...sealed, id: 'x'.repeat(201) },
  'no tenant': without('tenantid'),
  'an empty tenant': { ...sealed, tenantid: '' },
  'no type': without('type'),
  'no source': without('source'),
  'another version of the specification': { ...sealed, specversion: '0.3' },
  'a time that is none': { ...sealed, time: 'yesterday' },
  'data in another format': { ...sealed, datacontenttype: 'application/xml' },
  'a list': [sealed],
  nothing: null,
})) {
  test(`${what} is no envelope`, async (t) => {
    t.equal(readEvent(JSON.stringify(value)), undefined)
  })
}

test('bytes that are no UTF-8 are no envelope', async (t) => {
  const bytes = new TextEncoder().encode(JSON.stringify(sealed))
  bytes[bytes.indexOf('n'.charCodeAt(0))] = 0xff
  t.equal(readEvent(bytes), undefined)
})

test('reading never throws, whatever comes', async (t) => {
  const field = fc.oneof(fc.jsonValue(), fc.string())
  const nearly = fc
    .record(Object.fromEntries(Object.keys(sealed).map((name) => [name, field])), { requiredKeys: [] })
    .map((changed) => JSON.stringify({ ...sealed, ...changed }))
  const anything = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json(), nearly, fc.uint8Array())
  fc.assert(
    fc.property(anything, (input) => {
      const event = readEvent(input)
      if (event === undefined) return
      t.equal(event.specversion, '1.0', { quiet: true })
      dataOf(NoteWritten, event)
    }),
    { numRuns: 2_000 },
  )
})

test('data is of the kind asked for or not there', async (t) => {
  t.strictSame(dataOf(NoteWritten, sealed), { id: 'n1', words: 3 })
  t.equal(dataOf(defineEvent('note.written', 1, NoteWritten.schema), sealed), undefined, 'another version')
  t.equal(dataOf(NoteWritten, { ...sealed, data: { id: 'n1' } }), undefined, 'does not fit')
  t.equal(dataOf(NoteWritten, { ...sealed, data: undefined }), undefined, 'none at all')
})
