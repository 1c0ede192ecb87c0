/** What an `Authorization` header holds. */
export type Presented =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'bearer'; readonly value: string }

const SCHEME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// RFC 6750 section 2.1: b64token.
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/**
 * Reads the header, and only it: a token in the query string is no credential (OAuth 2.1 section 5.1). Another well-formed scheme
 * is no credential of ours. `rawHeaders` shows a repeated header, which Node would hide.
 */
export function readAuthorization(header: string | undefined, rawHeaders: readonly string[]): Presented {
  if (header === undefined) return { kind: 'none' }
  let seen = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name !== undefined && name.length === 13 && name.toLowerCase() === 'authorization') seen += 1
  }
  if (seen > 1) return { kind: 'malformed' }
  const text = header.trim()
  const space = text.indexOf(' ')
  const scheme = space === -1 ? text : text.slice(0, space)
  if (!SCHEME.test(scheme)) return { kind: 'malformed' }
  if (scheme.toLowerCase() !== 'bearer') return { kind: 'none' }
  const value = space === -1 ? '' : text.slice(space + 1).trim()
  return TOKEN.test(value) ? { kind: 'bearer', value } : { kind: 'malformed' }
}
