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

/**
 * Private-use schemes that are known to hand over to one application. All others have to be a name turned round (RFC 8252 section 7.1):
 * a scheme without a dot belongs to whoever takes it, and the system's own (`file`, `ms-settings`, `intent`) run or open something.
 */
const KNOWN_SCHEMES: ReadonlySet<string> = new Set(
  [
    'claude cherrystudio code-oss cursor goose jetbrains kiro lmstudio opencode raycast trae vscode vscode-insiders vscodium',
    'warp windsurf windsurf-next zed',
  ].flatMap((line) => line.split(' ')),
)
/** Of known applications what opens a file, another machine or a setting, or brings in a server or a prompt, instead of an answer. */
const OPENS_SOMETHING: readonly RegExp[] = (
  [
    [
      'vscode(?:-insiders)?|vscodium|code-oss|cursor|windsurf(?:-next)?|kiro|trae',
      'extension|file|settings|vscode-remote|mcp|anysphere\\.cursor-deeplink|windsurf-mcp-registry|kiro\\.mcp',
    ],
    ['zed', 'file|ssh|settings|extension|agent|git'],
    ['goose', 'extension|recipe|bot|sessions'],
    ['lmstudio', 'add_mcp|open_from_hf'],
    ['raycast', 'extensions|script-commands|ai-commands|mcp'],
    ['jetbrains', '[^/?]+/(?:checkout|navigate|settings|open)'],
    ['warp', 'action|launch'],
    ['cherrystudio', 'mcp|providers'],
    ['opencode', 'open-project'],
    ['claude', 'new|code|claude\\.ai'],
  ] as const
).map(([schemes, places]) => new RegExp(`^(?:${schemes}):(?:/*)(?:${places})(?![\\w.-])`, 'i'))
/** A host that programs read in different ways: some decode it before they look. */
const ENCODED_HOST = /^[^/?]*\/\/[^/?]*%/
/** At least two labels, none of them empty. Top-level domains have letters only. */
const REVERSE_DOMAIN = /^[a-z]{2,63}(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$/
/** Parameters of our answer: a callback that brings its own would make a client, or our page, read those instead. */
const OURS: readonly string[] = ['code', 'state', 'iss', 'error', 'error_description']
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?=[/?]|$)/i

export type RedirectKind = 'https' | 'loopback' | 'private-use'

/** What an operator says about redirects; see the profile's `redirectDomains` and `redirectSchemes`. */
export interface RedirectPolicy {
  /** Only these hosts, and those below them. `localhost` and loopback addresses are listed like others, schemes as `cursor:`. */
  readonly domains?: readonly string[]
  /** Private-use schemes that are good beside the known ones. */
  readonly schemes?: readonly string[]
}

/** What sort of redirect it is, or why it cannot be registered. */
export type RedirectVerdict =
  | { readonly ok: true; readonly kind: RedirectKind }
  | { readonly ok: false; readonly fault: string }

const refuse = (fault: string): RedirectVerdict => ({ ok: false, fault })

/**
 * Judges a URI that a client wants to register, and again one that it has registered: what was good once may not be any more.
 * @param isPublic private-use schemes are for public clients only
 */
export function judgeRedirect(uri: string, isPublic: boolean, policy: RedirectPolicy = {}): RedirectVerdict {
  if (uri.length > 2_000) return refuse('is longer than 2000 characters')
  if (CONFUSING.test(uri)) return refuse('holds characters that a URI does not have')
  if (!/^[A-Za-z][A-Za-z0-9+.-]*:/.test(uri) || !URL.canParse(uri)) return refuse('is not an absolute URI')
  if (uri.includes('#')) return refuse('has a fragment')
  const url = new URL(uri)
  if (url.username !== '' || url.password !== '' || /^[^/?]*\/\/[^/?]*@/.test(uri))
    return refuse('holds a user name or password')
  if (DOT_SEGMENT.test(uri)) return refuse('has dot segments')
  const taken = OURS.find((name) => url.searchParams.has(name))
  if (taken !== undefined) return refuse(`has a parameter ${taken}, which an answer brings`)
  const verdict = judgeKind(uri, url, isPublic, policy.schemes ?? [])
  return verdict.ok && !isListed(verdict.kind, url, policy.domains ?? [])
    ? refuse('leads to a host that is not allowed here')
    : verdict
}

function judgeKind(uri: string, url: URL, isPublic: boolean, schemes: readonly string[]): RedirectVerdict {
  const scheme = url.protocol.slice(0, -1)
  if (scheme === 'https') return isPlainHost(uri, url) ? { ok: true, kind: 'https' } : refuse('has no usual host')
  if (scheme === 'http') {
    const match = LOOPBACK.exec(uri)
    if (match === null) return refuse('is http and not on localhost, 127.0.0.1 or [::1]')
    return match[2] !== undefined && Number(match[2]) > 65_535
      ? refuse('has no such port')
      : { ok: true, kind: 'loopback' }
  }
  if (!KNOWN_SCHEMES.has(scheme) && !REVERSE_DOMAIN.test(scheme) && !schemes.includes(scheme))
    return refuse(`uses the scheme ${scheme}, which is neither a known application's nor a domain name turned round`)
  if (ENCODED_HOST.test(uri) || OPENS_SOMETHING.some((form) => form.test(uri)))
    return refuse('opens something instead of handing over')
  if (!isPublic) return refuse('uses a private-use scheme, which only public clients may')
  return { ok: true, kind: 'private-use' }
}

/** The host stands there as the URL's reader understands it: no `0x7f.1`, no `%2e`, no `*`. */
const isPlainHost = (uri: string, { hostname }: URL): boolean =>
  hostname !== '' && !hostname.includes('*') && uri.toLowerCase().startsWith(`https://${hostname}`)

function isListed(kind: RedirectKind, { protocol, hostname }: URL, domains: readonly string[]): boolean {
  if (domains.length === 0) return true
  if (kind === 'private-use') return domains.includes(protocol)
  return domains.some((domain) => hostname === domain || (kind === 'https' && hostname.endsWith(`.${domain}`)))
}

/** The kind of a redirect that was registered. */
export function redirectKind(uri: string): RedirectKind {
  if (uri.startsWith('http:')) return 'loopback'
  return /^https:/i.test(uri) ? 'https' : 'private-use'
}
