/** A redirect that was matched against a registration. Only `matchRedirect` makes one, and only one can be redirected to. */
export class TrustedRedirect {
  readonly uri: string
  /** Whether the request named it, or it is the only one registered. */
  readonly given: boolean
  static #make: (uri: string, given: boolean) => TrustedRedirect

  static {
    TrustedRedirect.#make = (uri, given) => new TrustedRedirect(uri, given)
  }

  private constructor(uri: string, given: boolean) {
    this.uri = uri
    this.given = given
  }

  /** @returns `undefined` when the URI is not one of the registered ones */
  static match(registered: readonly string[], asked: string | undefined): TrustedRedirect | undefined {
    if (asked === undefined) {
      const [only, ...more] = registered
      if (only === undefined || more.length > 0 || isPortless(only)) return undefined
      return TrustedRedirect.#make(only, false)
    }
    return registered.some((uri) => redirectsEqual(uri, asked)) ? TrustedRedirect.#make(asked, true) : undefined
  }
}

const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(?=[/?]|$)/
/** What programs disagree about: controls, white space, backslashes, and characters that are not ASCII. */
const CONFUSING = /[^\x21-\x7e]|[\\<>"`{|}^]/

/**
 * The one rule by which a redirect URI is the registered one: to the character; only the port of an http loopback host may differ
 * (RFC 8252 section 7.3, RFC 9700 section 2.1). `localhost` and the addresses are three different hosts.
 */
export function redirectsEqual(registered: string, asked: string): boolean {
  if (registered === asked) return !CONFUSING.test(asked)
  if (CONFUSING.test(asked)) return false
  const [one, other] = [LOOPBACK.exec(registered), LOOPBACK.exec(asked)]
  if (one === null || other === null || one[1] !== other[1]) return false
  if (other[2] !== undefined && Number(other[2]) > 65_535) return false
  return registered.slice(one[0].length) === asked.slice(other[0].length)
}

/** The only registered loopback URI without a port says nothing about where to go. */
function isPortless(uri: string): boolean {
  const match = LOOPBACK.exec(uri)
  return match !== null && match[2] === undefined
}

/** Schemes that run, show or open something instead of handing over to an application. */
const REFUSED_SCHEMES = new Set(
  [
    'about blob chrome chrome-extension data feed file filesystem ftp ftps gopher intent itms-services jar javascript ldap',
    'ldaps mailto mhtml microsoft-edge moz-extension nfs nntp res resource search search-ms sftp shell smb sms ssh tel',
    'telnet urn vbscript view-source ws wss',
  ].flatMap((line) => line.split(' ')),
)
/** Handlers of an operating system, whose addresses are commands. */
const SYSTEM_SCHEME = /^ms-/
/** Parameters of our answer: a callback that brings its own would make a client, or our page, read those instead. */
const OURS: readonly string[] = ['code', 'state', 'iss', 'error', 'error_description']

export type RedirectKind = 'https' | 'loopback' | 'private-use'

/** What sort of redirect it is, or why it cannot be registered. */
export type RedirectVerdict =
  | { readonly ok: true; readonly kind: RedirectKind }
  | { readonly ok: false; readonly fault: string }

const refuse = (fault: string): RedirectVerdict => ({ ok: false, fault })

/** Judges a URI that a client wants to register. @param isPublic private-use schemes are for public clients only */
export function judgeRedirect(uri: string, isPublic: boolean): RedirectVerdict {
  if (uri.length > 2_000) return refuse('is longer than 2000 characters')
  if (CONFUSING.test(uri)) return refuse('holds characters that a URI does not have')
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri) || !URL.canParse(uri)) return refuse('is not an absolute URI')
  if (uri.includes('#')) return refuse('has a fragment')
  const { protocol, username, password, hostname, searchParams } = new URL(uri)
  if (username !== '' || password !== '' || /^[^/?]*\/\/[^/?]*@/.test(uri))
    return refuse('holds a user name or password')
  const taken = OURS.find((name) => searchParams.has(name))
  if (taken !== undefined) return refuse(`has a parameter ${taken}, which an answer brings`)
  const scheme = protocol.slice(0, -1)
  if (scheme === 'https')
    return /^https:\/\/[^/]/i.test(uri) && hostname !== '' ? { ok: true, kind: 'https' } : refuse('has no host')
  if (scheme === 'http') {
    const match = LOOPBACK.exec(uri)
    if (match === null) return refuse('is http and not on localhost, 127.0.0.1 or [::1]')
    return match[2] !== undefined && Number(match[2]) > 65_535
      ? refuse('has no such port')
      : { ok: true, kind: 'loopback' }
  }
  if (REFUSED_SCHEMES.has(scheme) || SYSTEM_SCHEME.test(scheme)) return refuse(`uses the scheme ${scheme}`)
  if (!isPublic) return refuse('uses a private-use scheme, which only public clients may')
  return { ok: true, kind: 'private-use' }
}

/** The kind of a redirect that was registered. */
export function redirectKind(uri: string): RedirectKind {
  if (uri.startsWith('http:')) return 'loopback'
  return /^https:/i.test(uri) ? 'https' : 'private-use'
}
