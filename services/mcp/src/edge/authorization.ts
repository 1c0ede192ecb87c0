/** What an `Authorization` header holds. */
export type Presented =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'bearer'; readonly value: string }

const SCHEME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
// RFC 6750 section 2.1: b64token.
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/

/** Which headers came more than once that may not: Node keeps the first and hides the others, a proxy may have judged by another. */
export function repeatedHeaders(rawHeaders: readonly string[]): {
  readonly host: boolean
  readonly authorization: boolean
} {
  let hosts = 0
  let authorizations = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === 4) {
      if (name === 'Host' || name.toLowerCase() === 'host') hosts += 1
    } else if (name.length === 13 && (name === 'Authorization' || name.toLowerCase() === 'authorization')) {
      authorizations += 1
    }
  }
  return { host: hosts > 1, authorization: authorizations > 1 }
}

/**
 * Reads the header, and only it: a token in the query string is no credential (OAuth 2.1 section 5.1). Another well-formed scheme
 * is no credential of ours.
 */
export function readAuthorization(header: string | undefined, repeated: boolean): Presented {
  if (header === undefined) return { kind: 'none' }
  if (repeated) return { kind: 'malformed' }
  const text = header.trim()
  const space = text.indexOf(' ')
  const scheme = space === -1 ? text : text.slice(0, space)
  if (!SCHEME.test(scheme)) return { kind: 'malformed' }
  if (scheme.toLowerCase() !== 'bearer') return { kind: 'none' }
  const value = space === -1 ? '' : text.slice(space + 1).trim()
  return TOKEN.test(value) ? { kind: 'bearer', value } : { kind: 'malformed' }
}
