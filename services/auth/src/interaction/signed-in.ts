import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { SignedIn } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance } from 'fastify'
import { sendAway } from '../authorize/answer.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import { ownPath } from '../http/own-path.ts'
import type { Pages } from '../http/pages.ts'
import type { Session } from '../people/sessions.store.ts'
import { endSession, findSession } from '../people/sessions.ts'
import { SIGN_IN_PATH } from './sign-in.ts'

export const SIGN_OUT_PATH = '/sign-out'
export const SECURITY_PATH = '/settings/security'

export interface SignedInDeps {
  readonly profile: Profile
  readonly publicUrl: string
  readonly db: Database
  readonly clock: Clock
  readonly browsers: Browsers
  readonly pages: Pages
}

type Request = Parameters<Handler>[0]
type Reply = Parameters<Handler>[1]

/** A page for who is signed in; everybody else is sent to the sign-in page, and from there back here. */
export const forSignedIn =
  (
    { db, clock, browsers }: SignedInDeps,
    handler: (who: { session: Session; browser: Browser }, request: Request, reply: Reply) => Promise<unknown>,
  ): Handler =>
  async (request, reply) => {
    const browser = browsers.known(request)
    const session = browser && (await db.asPlatform('page', (tx) => findSession(tx, browser.hash, clock.now())))
    if (browser === undefined || session === undefined) return sendAway(reply, signInFor(request))
    return handler({ session, browser }, request, reply)
  }

/** What was sent along with a form is gone; a page can be opened again. */
function signInFor({ method, url }: Request): string {
  const next = method === 'GET' && url !== '/' ? ownPath(url) : undefined
  return next === undefined ? SIGN_IN_PATH : `${SIGN_IN_PATH}?${new URLSearchParams({ next })}`
}

/** The person as the page's header shows them, with the way out. */
export const header = (session: Session, browser: Browser): SignedIn => ({
  name: session.name,
  email: session.email,
  signOut: { action: SIGN_OUT_PATH, csrf: browser.csrf },
})

export const navigation = (profile: Profile, current: string) =>
  [
    { href: '/', text: 'Connect' },
    { href: profile.paths.authorizedApps, text: 'Authorized apps' },
    { href: SECURITY_PATH, text: 'Security' },
  ].map((item) => ({ ...item, current: item.href === current }))

export function signOutRoutes(
  server: FastifyInstance,
  deps: SignedInDeps & { readonly signedOut: () => string },
): void {
  const { db, clock, browsers, pages } = deps
  addEndpoint(server, {
    path: SIGN_OUT_PATH,
    bodyLimit: 8 * 1024,
    // Where a person lands who reloads the page of the answer below.
    get: async (_request, reply) => sendAway(reply, '/'),
    post: async (request, reply) => {
      const browser = browsers.requireOwnForm(request, readForm(request).get('csrf'))
      await db.asPlatform('sign-out', (tx) => endSession(tx, browser.hash, clock.now()))
      browsers.renew(reply)
      return pages.send(reply, deps.signedOut())
    },
  })
}
