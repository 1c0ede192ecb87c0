import { decodeProtectedHeader } from 'jose'
import { ALGORITHMS, type Algorithm } from './jwks/source.ts'

/** What a token says about its own signature, as far as we let it say anything. */
export interface TokenHeader {
  readonly kid: string
  readonly algorithm: Algorithm
}

/** Members that would let a token bring its own key, or name a place to fetch it from (RFC 8725 section 3.10). */
const KEY_BEARING = ['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256'] as const
const TYPES = new Set(['at+jwt', 'application/at+jwt'])

// Three parts, none empty, of the alphabet of RFC 4648 section 5 without padding.
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** By the length of a part modulo 4: how many bits of its last character say nothing. -1: there is no such length. */
const IDLE_BITS = [0, -1, 4, 2]

/**
 * Whether a token is written in the one way that RFC 7515 section 2 has. Decoders also take other spellings of the same bytes; each would be a
 * second token with the same signature, with a place of its own in whatever remembers tokens.
 */
export function isCompact(token: string): boolean {
  if (!COMPACT.test(token)) return false
  return token.split('.').every((part) => {
    const idle = IDLE_BITS[part.length % 4] as number
    return idle >= 0 && ALPHABET.indexOf(part.at(-1) as string) % (1 << idle) === 0
  })
}

/** The header of an access token (RFC 9068 section 4), or `undefined` where it is none that we accept. Never throws. */
export function readHeader(token: string): TokenHeader | undefined {
  if (!isCompact(token)) return undefined
  try {
    const header = decodeProtectedHeader(token)
    if (typeof header.typ !== 'string' || !TYPES.has(header.typ.toLowerCase())) return undefined
    if (typeof header.kid !== 'string' || header.kid === '') return undefined
    if (KEY_BEARING.some((name) => name in header)) return undefined
    const algorithm = ALGORITHMS.find((name) => name === header.alg)
    return algorithm === undefined ? undefined : { kid: header.kid, algorithm }
  } catch {
    return undefined
  }
}
