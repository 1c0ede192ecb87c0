import type { Clock } from '@gatehouse/contracts'
import { decrypt, encrypt, WrongMasterSecret } from '@gatehouse/keyring'
import { afterConsentPage } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendAway } from '../authorize/answer.ts'
import type { Departure } from '../authorize/flow.ts'
import { CODE_MS } from '../authorize/issue.ts'
import { redirectKind } from '../clients/redirects.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readQuery } from '../http/form.ts'
import { brandOf, PageFault, type Pages } from '../http/pages.ts'
import { sha256Base64url } from '../secrets.ts'

export const RETURN_PATH = '/oauth/return'

/**
 * Nobody may be listening on the loopback port: the client runs on another machine. The page stays long enough to be a place
 * that Back leads to (browsers forget a page that is left within a second), and there the address can be copied: a browser
 * that was sent on once is not sent on again.
 */
const LOOPBACK_SECONDS = 2
const SENT_ON = 'gatehouse-sent-on'

export interface Returns {
  /** Answers a form of ours, or what follows it, by sending the browser back to the client. */
  leave(departure: Departure, request: FastifyRequest, browser: Browser, reply: FastifyReply): FastifyReply
  /** What `leave` put into the link. @throws PageFault when it is too old, changed, or another browser's */
  read(sealed: string, browser: Browser): Departure
}

/**
 * The way from our forms back to the client.
 *
 * Browsers hold a form's answer to `form-action` through every redirect that follows, those of the client's callback included. A
 * hosted client's callback goes on to its application, a program's callback to a page that says "done", a relay to `cursor://`: no list
 * of ours can name them. So a browser that says that it navigates (Fetch Metadata, `Sec-Fetch-Mode: navigate`) is sent to a
 * page of ours, where the form's chain ends, and that page goes on to the callback as a navigation of its own. It works
 * for every kind of callback, without script, and shows the whole address to copy where the callback cannot be reached.
 *
 * Everybody else gets the callback itself in `Location`: programs that fill in forms, and browsers too old for Fetch Metadata
 * or on plain http, for which the pages name the callback's origin or scheme in `form-action`.
 *
 * The link carries the callback encrypted under a key of this service, for this browser alone and no longer than the code lives,
 * so that any node can show the page and the code is in no log or history of ours.
 */
export function createReturns({ key, clock }: { readonly key: Uint8Array; readonly clock: Clock }): Returns {
  const about = (browser: Browser) => `return:${Buffer.from(browser.hash).toString('base64url')}`
  return {
    leave({ url, client }, request, browser, reply) {
      if (request.headers['sec-fetch-mode'] !== 'navigate') return sendAway(reply, url)
      const plain = JSON.stringify({ url, name: client.name, until: clock.now() + CODE_MS })
      const to = Buffer.from(encrypt(key, about(browser), Buffer.from(plain))).toString('base64url')
      return sendAway(reply, `${RETURN_PATH}?${new URLSearchParams({ to })}`)
    },
    read(sealed, browser) {
      const plain = opened(() => decrypt(key, about(browser), Buffer.from(sealed, 'base64url')))
      const { url, name, until } = JSON.parse(Buffer.from(plain).toString()) as {
        readonly url: string
        readonly name: string
        readonly until: number
      }
      if (clock.now() >= until) throw new PageFault('request.expired')
      return { url, client: { name } }
    },
  }
}

function opened(open: () => Uint8Array): Uint8Array {
  try {
    return open()
  } catch (error) {
    if (error instanceof WrongMasterSecret) throw new PageFault('request.expired')
    throw error
  }
}

export interface ReturnDeps {
  readonly profile: Profile
  readonly publicUrl: string
  readonly browsers: Browsers
  readonly pages: Pages
  readonly returns: Returns
}

/** The page between our form and the client. */
export function returnRoutes(server: FastifyInstance, deps: ReturnDeps): void {
  const { profile, publicUrl, browsers, pages, returns } = deps
  const attributes = `Path=${RETURN_PATH}; Max-Age=${CODE_MS / 1_000}; HttpOnly; SameSite=Lax${publicUrl.startsWith('https:') ? '; Secure' : ''}`
  addEndpoint(server, {
    path: RETURN_PATH,
    get: async (request, reply) => {
      const [browser, sealed] = [browsers.known(request), readQuery(request).get('to')]
      if (browser === undefined || sealed === undefined) throw new PageFault('request.expired')
      const { url, client } = returns.read(sealed, browser)
      const mark = `${SENT_ON}=${sha256Base64url(sealed)}`
      const goesOn = request.headers.cookie?.includes(mark) !== true
      if (goesOn) reply.header('set-cookie', `${mark}; ${attributes}`)
      const markup = afterConsentPage({ brand: brandOf(profile), callbackUrl: url, client, goesOn })
      const afterSeconds = redirectKind(url) === 'loopback' ? LOOPBACK_SECONDS : 0
      return pages.send(reply, markup, goesOn ? { goOn: { href: url, afterSeconds } } : {})
    },
  })
}
