/** What an operator says about whose documents count; see the profile's `clientDocuments`. */
export interface DocumentPolicy {
  readonly enabled: boolean
  /** Only these hosts, and those below them; none listed = all. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

/** At least two labels, the last one no number, no dot behind it. */
const HOST_NAME = /^(?:[a-z0-9_-]+\.)+(?!\d+$)[a-z0-9-]+$/
/** Names that lead nowhere on the open internet (RFC 6761, RFC 6762, RFC 7686, RFC 8375, RFC 9476). */
const SPECIAL_NAME = /\.(?:alt|arpa|internal|invalid|local|localhost|onion)$/

/** Whether a client id means a metadata document at all. Ours never look like this. */
export const isDocumentId = (id: string): boolean => /^https?:/i.test(id)

export type UrlVerdict = { readonly ok: true } | { readonly ok: false; readonly fault: string }

const refuse = (fault: string): UrlVerdict => ({ ok: false, fault })

/**
 * Whether a document may be looked for there (client ID metadata document draft, section "Client Identifier"). The id has to stand in the
 * one form that a URL's reader gives it: so there is no other host, path or port for anybody in it, and one document has one id.
 * @param laptop whether `http` on loopback hosts is good too, for development
 */
export function judgeDocumentUrl(id: string, policy: DocumentPolicy, laptop = false): UrlVerdict {
  if (!policy.enabled) return refuse('client ID metadata documents are not used here')
  if (id.length > 512) return refuse('is longer than 512 characters')
  if (!URL.canParse(id) || new URL(id).href !== id) return refuse('is not a URL in its normal form')
  const { protocol, hostname, pathname, username, password } = new URL(id)
  const local = laptop && ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol !== 'https:' && !(local && protocol === 'http:')) return refuse('is not https')
  if (username !== '' || password !== '' || id.includes('@')) return refuse('holds a user name')
  if (id.includes('#')) return refuse('has a fragment')
  if (id.includes('?')) return refuse('has a query')
  if (pathname === '/') return refuse('has no path')
  if (/%2e|%2f|%5c|%00|\/\//i.test(pathname)) return refuse('has a path that programs read in different ways')
  if (local) return { ok: true }
  if (!HOST_NAME.test(hostname) || SPECIAL_NAME.test(hostname)) return refuse('has no host name of the open internet')
  return isTrusted(hostname, policy) ? { ok: true } : refuse('is of a host that is not trusted here')
}

const isTrusted = (host: string, { allow, deny }: DocumentPolicy): boolean => {
  const below = (domain: string) => host === domain || host.endsWith(`.${domain}`)
  return !deny.some(below) && (allow.length === 0 || allow.some(below))
}
