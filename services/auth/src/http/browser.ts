import { createHmac } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { newSecret, sameSecret, sha256 } from '../secrets.ts'
import { PageFault } from './pages.ts'

/** One browser, known by its cookie. Signed in or not, the same cookie; it changes at sign-in and at sign-out. */
export interface Browser {
  readonly hash: Uint8Array
  /** For the hidden field of every form. */
  readonly csrf: string
}

export interface Browsers {
  /** The browser behind a request; one without a cookie gets one with the answer. */
  meet(request: FastifyRequest, reply: FastifyReply): Browser
  /** The browser if it came with a cookie. */
  known(request: FastifyRequest): Browser | undefined
  /** The browser as it will be, once `give` has put its cookie into an answer. */
  next(): { readonly browser: Browser; give(reply: FastifyReply): void }
  /** A new cookie in the place of the old one. @returns the browser under its new value */
  renew(reply: FastifyReply): Browser
  /** @throws PageFault unless the form was sent by one of our own pages in this browser */
  requireOwnForm(request: FastifyRequest, csrf: string | undefined): Browser
}

const VALUE = /^[A-Za-z0-9_-]{43}$/

/** `__Host-` binds the cookie to this host and to https (RFC 6265bis, 4.1.3.2); on plain http, a laptop, it cannot be used. */
export function createBrowsers(options: {
  readonly publicUrl: string
  readonly csrfKey: Uint8Array
  /** What cookies are good for, where that is not the deployment: the same value is another browser at another host. */
  readonly realm?: string | undefined
}): Browsers {
  const { publicUrl, csrfKey, realm } = options
  const secure = publicUrl.startsWith('https:')
  const { origin } = new URL(publicUrl)
  const name = secure ? '__Host-gatehouse' : 'gatehouse'
  const attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

  const browserOf = (value: string): Browser => ({
    hash: sha256(realm === undefined ? value : `${realm} ${value}`),
    csrf: createHmac('sha256', csrfKey).update(value).digest('base64url'),
  })
  const known = (request: FastifyRequest): Browser | undefined => {
    const value = readCookie(request.headers.cookie, name, VALUE)
    return value === undefined ? undefined : browserOf(value)
  }
  const next: Browsers['next'] = () => {
    const value = newSecret()
    return {
      browser: browserOf(value),
      give: (reply) => void reply.header('set-cookie', `${name}=${value}; ${attributes}`),
    }
  }
  const renew = (reply: FastifyReply): Browser => {
    const { browser, give } = next()
    give(reply)
    return browser
  }

  return {
    known,
    next,
    renew,
    meet: (request, reply) => known(request) ?? renew(reply),
    requireOwnForm(request, csrf) {
      const browser = known(request)
      if (
        browser === undefined ||
        csrf === undefined ||
        !sameSecret(csrf, browser.csrf) ||
        !sameSite(request, origin)
      ) {
        throw new PageFault('form.foreign')
      }
      return browser
    },
  }
}

/**
 * What the browser says about who sent a form. `Sec-Fetch-Site` is certain where it is sent; `Origin` is `null` on forms of pages
 * with `Referrer-Policy: no-referrer`, as all of ours have (Fetch, "serializing a request origin").
 */
function sameSite(request: FastifyRequest, origin: string): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const sender = request.headers.origin
  return sender === undefined || sender === 'null' || sender === origin
}

/** The first cookie of this name whose value looks as ours do. */
export function readCookie(header: string | undefined, name: string, form: RegExp): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const [key, value] = pair.trim().split('=', 2)
    if (key === name && value !== undefined && form.test(value)) return value
  }
  return undefined
}
