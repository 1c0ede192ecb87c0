import { isUtf8 } from 'node:buffer'

const START = '=?base64?'
const END = '?='
// RFC 9110 section 5.5 without obs-text: visible ASCII, space and tab.
const PADDED = /^[\t ]|[\t ]$/
const PLAIN = /^[\t\x20-\x7E]*$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * The value that a mirrored header stands for, or `undefined` where it is not well formed. Between both markers stands base64 of UTF-8;
 * with only one of them the text is literal. `Buffer.from` would accept nearly anything, so alphabet and padding are checked first.
 */
export function decodeMirrored(raw: string): string | undefined {
  const value = PADDED.test(raw) ? raw.replace(/^[\t ]+|[\t ]+$/g, '') : raw
  if (!PLAIN.test(value)) return undefined
  if (!value.startsWith(START) || !value.endsWith(END) || value.length < START.length + END.length) return value
  const encoded = value.slice(START.length, -END.length)
  if (!BASE64.test(encoded)) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined
}

/** Which member of `params` the `Mcp-Name` header repeats, by method. */
export const NAMED_BY: Readonly<Record<string, 'name' | 'uri' | 'taskId'>> = {
  'tools/call': 'name',
  'prompts/get': 'name',
  'resources/read': 'uri',
  'tasks/get': 'taskId',
  'tasks/update': 'taskId',
  'tasks/cancel': 'taskId',
}
