import { isUtf8 } from 'node:buffer'
import { CODES, type Refused } from '../errors.ts'

const MAX_DEPTH = 64

const QUOTE = 0x22
const BACKSLASH = 0x5c
/** Brackets and braces differ in this one bit. */
const BRACE_BIT = 0x20
const OPEN = 0x7b
const CLOSE = 0x7d

export type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refused: Refused }

const broken = (message: string): Read => ({ ok: false, refused: { status: 400, code: CODES.parse, message } })

/** Bytes as JSON. Bodies that are nested too deeply are refused before anything walks them recursively. Never throws. */
export function readBody(bytes: Buffer | undefined): Read {
  if (bytes === undefined || bytes.length === 0) return broken('The body is empty.')
  if (!isUtf8(bytes)) return broken('The body is not UTF-8.')
  const text = bytes.toString('utf8')
  if (opensMany(text) && tooDeep(bytes)) {
    return {
      ok: false,
      refused: { status: 400, code: CODES.invalidRequest, message: 'The body is nested too deeply.' },
    }
  }
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return broken('The body is not JSON.')
  }
}

/** What opens nothing more often than may be nested is not nested too deeply: true of nearly every body, and quick to find out. */
const opensMany = (text: string): boolean => occurs(text, '{', occurs(text, '[', 0)) > MAX_DEPTH

function occurs(text: string, what: string, from: number): number {
  let count = from
  for (let at = text.indexOf(what); at !== -1 && count <= MAX_DEPTH; at = text.indexOf(what, at + 1)) count += 1
  return count
}

function tooDeep(bytes: Buffer): boolean {
  let depth = 0
  let inString = false
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] as number
    if (inString) {
      if (byte === BACKSLASH) at += 1
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    else if ((byte | BRACE_BIT) === OPEN) {
      depth += 1
      if (depth > MAX_DEPTH) return true
    } else if ((byte | BRACE_BIT) === CLOSE) depth -= 1
  }
  return false
}
