/** What goes over the wire: text, or bytes for `bytea`. */
export type Encoded = string | Uint8Array | null

/**
 * A value as PostgreSQL reads it, the same on every driver. Arrays become PostgreSQL arrays, plain objects JSON.
 * @throws TypeError for what has no text form: functions, symbols, NaN dates
 */
export function encode(value: unknown): Encoded {
  if (value === null || value === undefined) return null
  if (typeof value === 'string' || value instanceof Uint8Array) return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return encodeArray(value)
  if (typeof value === 'object') return JSON.stringify(value)
  throw new TypeError(`a ${typeof value} cannot be sent to the database`)
}

function encodeArray(values: readonly unknown[]): string {
  const items = values.map((value) => {
    if (Array.isArray(value)) return encodeArray(value)
    const item = encode(value)
    if (item === null) return 'NULL'
    const text = typeof item === 'string' ? item : `\\x${Buffer.from(item).toString('hex')}`
    return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  })
  return `{${items.join(',')}}`
}

export type Parse = (text: string) => unknown

const bytes: Parse = (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))
/** `2026-11-21 09:13:15.123456+05:30`; microseconds beyond the millisecond are cut, `infinity` is an invalid Date. */
const instant: Parse = (text) => new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'))
const truth: Parse = (text) => text === 't'

/** Type (pg_type.oid) → how its text form is read. A type that is not here stays text: numeric, date, interval, uuid, … */
const SCALARS: Readonly<Record<number, Parse>> = {
  16: truth,
  17: bytes,
  20: BigInt,
  21: Number,
  23: Number,
  26: Number,
  114: JSON.parse,
  700: Number,
  701: Number,
  1184: instant,
  3802: JSON.parse,
  5069: BigInt,
}

/** Array type → type of its items. */
const ARRAYS: Readonly<Record<number, number>> = {
  199: 114,
  1000: 16,
  1001: 17,
  1005: 21,
  1007: 23,
  1009: 25,
  1014: 1042,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1028: 26,
  1182: 1082,
  1185: 1184,
  1231: 1700,
  2951: 2950,
  3807: 3802,
}

const text: Parse = (value) => value

/** How a column of this type is read. */
export function parserOf(oid: number): Parse {
  const item = ARRAYS[oid]
  if (item === undefined) return SCALARS[oid] ?? text
  const parse = SCALARS[item] ?? text
  return (value) => parseArray(value, parse)
}

/** The text form of an array (PostgreSQL, section 8.15.6), without explicit bounds. */
function parseArray(source: string, parse: Parse): unknown[] {
  const stack: unknown[][] = [[]]
  const tokens = source.matchAll(/\{|\}|"((?:[^"\\]|\\.)*)"|[^{},"]+/gs)
  for (const [token, quoted] of tokens) {
    const here = stack[stack.length - 1] ?? []
    if (token === '{') {
      const inner: unknown[] = []
      here.push(inner)
      stack.push(inner)
    } else if (token === '}') stack.pop()
    else if (quoted !== undefined) here.push(parse(quoted.replace(/\\(.)/gs, '$1')))
    else here.push(token === 'NULL' ? null : parse(token))
  }
  return stack[0]?.[0] as unknown[]
}
