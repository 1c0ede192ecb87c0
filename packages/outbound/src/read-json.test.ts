import fc from 'fast-check'
import { test } from 'tap'
import { cacheSeconds } from './cache-seconds.ts'
import { readJson } from './read-json.ts'

const bytes = (text: string) => new TextEncoder().encode(text)

test('JSON that two readers could read in two ways is not read', async (t) => {
  for (const text of [
    '{"a":1,"a":2}',
    '{"client_id":1,"cl\\u0069ent_id":2}',
    '{"x":{"a":1,"a":1}}',
    '[{"a":1},{"b":1,"b":2}]',
    '{"__proto__":1,"__proto__":2}',
    '{"a":1}x',
    "{'a':1}",
    '{"a":NaN}',
    '{"a":1,}',
    '',
    '\ufeff{}',
    `${'['.repeat(17)}${']'.repeat(17)}`,
    `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    `${'{"a":'.repeat(17)}1${'}'.repeat(17)}`,
  ])
    t.equal(readJson(bytes(text)), undefined, text.slice(0, 40))
  t.equal(readJson(new Uint8Array([0x22, 0xc3, 0x28, 0x22])), undefined, 'not UTF-8')
  t.equal(readJson(new Uint8Array([0xff, 0xfe, 0x7b, 0, 0x7d, 0])), undefined, 'UTF-16')
})

test('all other JSON is read as it is: the same name may stand in two objects, and brackets in texts are text', async (t) => {
  for (const text of [
    '{"a":{"a":1},"b":[{"a":1},{"a":"}{"}]}',
    '{"a\\"":1,"a":2}',
    'null',
    '"x"',
    `${'['.repeat(16)}${']'.repeat(16)}`,
  ])
    t.same(readJson(bytes(text)), JSON.parse(text), text)
})

test('property: nothing throws, and what was written is read again', async (t) => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (some) => void readJson(some)))
  fc.assert(
    fc.property(fc.json({ maxDepth: 8, noUnicodeString: false } as object), (text) => {
      const read = readJson(bytes(text))
      return read === undefined || JSON.stringify(read) === JSON.stringify(JSON.parse(text))
    }),
  )
  t.pass('held')
})

test('how long an answer says that it stays good [A-CI-15]', async (t) => {
  const cases: readonly (readonly [string | undefined, string | undefined, number | undefined])[] = [
    [undefined, undefined, undefined],
    ['max-age=60', undefined, 60],
    ['public, MAX-AGE="60"', undefined, 60],
    ['max-age=60', '20', 40],
    ['max-age=60', '80', 0],
    ['max-age=60', 'x', 60],
    ['s-maxage=9, max-age=60', undefined, 9],
    ['max-age=60, no-store', undefined, 0],
    ['no-cache', undefined, 0],
    ['max-age=-1', undefined, undefined],
    ['max-age=1e9', undefined, undefined],
    ['max-age', undefined, undefined],
    ['max-age=60, max-age=6000', undefined, 60],
    [',,=,;', undefined, undefined],
  ]
  for (const [control, age, expected] of cases) {
    const headers = { ...(control && { 'cache-control': control }), ...(age && { age }) }
    t.equal(cacheSeconds(headers), expected, String(control))
  }
})
