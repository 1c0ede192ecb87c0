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

/** The header of an access token (RFC 9068 section 4), or `undefined` where it is none that we accept. Never throws. */
export function readHeader(token: string): TokenHeader | undefined {
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
