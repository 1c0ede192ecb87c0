import { test } from 'tap'
import { decodeMirrored } from './mirrored.ts'

test('a mirrored value is decoded strictly [S-HV-10] [S-HV-11] [S-HV-12] [S-HV-13] [S-HV-14]', async (t) => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['plain', 'plain'],
    ['  plain\t', 'plain'],
    ['', ''],
    ['=?base64?SGVsbG8=?=', 'Hello'],
    ['=?base64?SGVsbG8sIOS4lueVjA==?=', 'Hello, 世界'],
    ['=?base64?IHBhZGRlZCA=?=', ' padded '],
    ['=?base64?PT9iYXNlNjQ/eD89?=', '=?base64?x?='],
    ['=?base64??=', ''],
    ['=?base64?SGVsbG8=', '=?base64?SGVsbG8='],
    ['SGVsbG8=?=', 'SGVsbG8=?='],
    ['=?BASE64?SGVsbG8=?=', '=?BASE64?SGVsbG8=?='],
    ['=?base64?SGVsbG8?=', undefined],
    ['=?base64?SGVs!!!bG8=?=', undefined],
    ['=?base64?SGVs bG8=?=', undefined],
    ['=?base64?SGVsbG8_?=', undefined],
    ['=?base64?//4=?=', undefined],
  ]
  for (const [raw, value] of cases) t.equal(decodeMirrored(raw), value, JSON.stringify(raw))
})

test('characters that no header value may have are refused [S-HV-15]', async (t) => {
  for (const raw of ['a\u0000b', 'a\u007f', 'ä', 'a\nb']) t.equal(decodeMirrored(raw), undefined, JSON.stringify(raw))
})
