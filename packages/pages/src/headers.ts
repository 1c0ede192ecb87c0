import { safeHref } from './text.ts'

/** One source of CSP `form-action`: an origin with a host that CSP can express, or a scheme. */
const FORM_ACTION_SOURCE = /^(?:https?:\/\/[a-z0-9-]+(?:\.[a-z0-9-]+)*\.?(?::\d{1,5})?|[a-z][a-z0-9+.-]*:)$/i

/**
 * What a page's `form-action` has to name so that the answer to its form may redirect to this callback: browsers apply
 * the directive to redirects too (CSP 3, 6.4.1). The callback's origin; the scheme alone for private-use schemes and for IPv6
 * literals, which CSP's grammar cannot name.
 */
export function formActionSource(callback: string): string {
  const url = new URL(callback)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return url.protocol
  return FORM_ACTION_SOURCE.test(url.origin) ? url.origin : url.protocol
}

export interface PageHeaders {
  /** Added to `'self'`: where forms may lead, redirects included (see `formActionSource`). */
  readonly formAction?: readonly string[] | undefined
  /** Our own script files run, and may ask this origin; else nothing runs. */
  readonly script?: boolean | undefined
  /** Goes on to another address by itself, without script. Ignored for an address that must not be followed. */
  readonly goOn?: { readonly href: string; readonly afterSeconds: number } | undefined
}

/**
 * Headers of every page. Nothing is loaded but our own styles and images, nothing runs, nobody frames it, nothing keeps it.
 * @throws TypeError for a source that is neither an origin nor a scheme
 */
export function pageHeaders({ formAction = [], goOn, script = false }: PageHeaders = {}): Record<string, string> {
  for (const source of formAction) {
    if (!FORM_ACTION_SOURCE.test(source))
      throw new TypeError(`form-action source ${JSON.stringify(source)} is no origin`)
  }
  const policy = [
    "default-src 'none'",
    "style-src 'self'",
    "img-src 'self'",
    ...(script ? ["script-src 'self'", "connect-src 'self'"] : []),
    `form-action ${["'self'", ...new Set(formAction)].join(' ')}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ]
  return {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': policy.join('; '),
    'x-frame-options': 'DENY',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cache-control': 'no-store',
    ...(goOn === undefined ? {} : refresh(goOn)),
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()',
  }
}

/** HTML, "the Refresh header": a navigation of its own, so that `form-action` has no say in where it leads. */
function refresh({ href, afterSeconds }: NonNullable<PageHeaders['goOn']>): Record<string, string> {
  const safe = safeHref(href, { privateUse: true })
  return safe === undefined ? {} : { refresh: `${Math.max(0, Math.trunc(afterSeconds))}; url=${safe}` }
}
