import fc from 'fast-check'
import { test } from 'tap'
import { encodeRecord, MAGIC, MAX_RECORD_BYTES, readSegment } from './records.ts'

const texts = fc.array(fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }), { maxLength: 12 })
/** Half characters are replaced when text becomes bytes; JSON text has none. */
const whole = texts.map((all) => all.map((text) => Buffer.from(text).toString()))
const segmentOf = (records: readonly string[]): Buffer => Buffer.concat([MAGIC, ...records.map(encodeRecord)])

test('what was written is read, in its order', async () => {
  fc.assert(
    fc.property(whole, (records) => {
      const read = readSegment(segmentOf(records))
      return JSON.stringify(read.records) === JSON.stringify(records) && read.tornBytes === 0
    }),
  )
})

test('a segment that is cut off anywhere holds the records that are whole, and no other', async (t) => {
  fc.assert(
    fc.property(whole, fc.nat(), (records, at) => {
      const bytes = segmentOf(records)
      const cut = bytes.subarray(0, at % (bytes.length + 1))
      const read = readSegment(cut)
      let end = MAGIC.length
      const expected = records.filter((record) => {
        end += encodeRecord(record).length
        return end <= cut.length
      })
      t.same(read.records, expected)
      t.equal(read.wholeBytes + read.tornBytes, cut.length)
    }),
  )
})

test('a byte that is not what was written ends the reading there: nothing is read that was never written', async () => {
  fc.assert(
    fc.property(whole, fc.nat(), fc.integer({ min: 1, max: 255 }), (records, at, by) => {
      const bytes = segmentOf(records)
      const place = at % bytes.length
      bytes[place] = (bytes[place] ?? 0) ^ by
      const read = readSegment(bytes).records
      return (
        JSON.stringify(read) === JSON.stringify(records.slice(0, read.length)) &&
        read.length < Math.max(1, records.length + 1)
      )
    }),
  )
})

test('any bytes at all are read as something', async () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      (bytes) => readSegment(Buffer.concat([MAGIC, bytes])).wholeBytes >= MAGIC.length,
    ),
  )
})

test('a record that is too long is a bug of the writer', async (t) => {
  t.throws(() => encodeRecord('x'.repeat(MAX_RECORD_BYTES + 1)), RangeError)
})
