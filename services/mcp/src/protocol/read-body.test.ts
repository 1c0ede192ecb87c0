import { test } from 'tap'
import { readBody } from './read-body.ts'

const code = (text: string | Buffer | undefined): number | undefined => {
  const read = readBody(typeof text === 'string' ? Buffer.from(text) : text)
  return read.ok ? undefined : read.refused.code
}

test('what is not JSON is a parse error [S-TR-21] [S-TR-25]', async (t) => {
  for (const text of [undefined, '', '{"jsonrpc"', 'x', '{"a":1,}', Buffer.from([0x22, 0xff, 0xfe, 0x22])]) {
    t.equal(code(text), -32_700, String(text))
  }
  t.same(readBody(Buffer.from('{"a":"grüße 世界"}')), { ok: true, value: { a: 'grüße 世界' } })
})

test('deep nesting is refused before anything walks it; brackets inside strings do not count [S-BP-22]', async (t) => {
  t.equal(code(`${'['.repeat(65)}${']'.repeat(65)}`), -32_600)
  t.equal(code('['.repeat(1_000_000)), -32_600)
  t.equal(code(`${'['.repeat(64)}${']'.repeat(64)}`), undefined)
  t.equal(code(JSON.stringify({ a: `${'['.repeat(200)}\\"${'{'.repeat(200)}` })), undefined)
})
