import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { SignedIn } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance } from 'fastify'
import { sendAway } from '../authorize/answer.ts'
import type { Home } from '../clients/of-issuer.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import { ownPath } from '../http/own-path.ts'
import { brandOf, PageFault, type Pages } from '../http/pages.ts'
import { membership_selected } from '../people/people.store.ts'
import type { Session } from '../people/sessions.store.ts'
import { endSession, findSession } from '../people/sessions.ts'
import {
  judgeAccess,
  navigationFor,
  pathOf,
  type Selected,
  type SettingsPageName,
  titleOf,
} from '../settings/access.ts'
import { SIGN_IN_PATH } from './sign-in.ts'

export const SIGN_OUT_PATH = '/sign-out'
export interface SignedInDeps {
  readonly home: Home | undefined
  readonly profile: Profile
  readonly publicUrl: string
  readonly db: Database
  readonly clock: Clock
  readonly browsers: Browsers
  readonly pages: Pages
}

type Request = Parameters<Handler>[0]
type Reply = Parameters<Handler>[1]

/** Who looks at a page. */
export interface Who {
  readonly session: Session
  readonly browser: Browser
  /** Where they belong, as far as they have selected it. */
  readonly selected: Selected
}

/** A page for who is signed in; everybody else is sent to the sign-in page, and from there back here. */
export const forSignedIn =
  (
    { home, db, clock, browsers }: SignedInDeps,
    handler: (who: Who, request: Request, reply: Reply) => Promise<unknown>,
  ): Handler =>
  async (request, reply) => {
    const browser = browsers.known(request)
    const found =
      browser &&
      (await db.asPlatform('page', async (tx) => {
        const session = await findSession(tx, browser.hash, clock.now())
        return session && { session, selected: await membership_selected(tx, session.personId, home?.tenantId) }
      }))
    if (browser === undefined || found === undefined) return sendAway(reply, signInFor(request))
    return handler({ ...found, browser }, request, reply)
  }

/** The same for a page that is not everybody's: whoever may not use it is told why, or sent to where it says so. */
export const forPage = (
  name: SettingsPageName,
  deps: SignedInDeps,
  handler: (who: Who, request: Request, reply: Reply) => Promise<unknown>,
): Handler =>
  forSignedIn(deps, async (who, request, reply) => {
    switch (judgeAccess(name, who.selected, deps.profile)) {
      case 'open':
        return handler(who, request, reply)
      case 'suspended':
        return sendAway(reply, pathOf('billing', deps.profile))
      case 'forbidden':
        throw new PageFault('permission.missing')
      case 'absent':
        throw new PageFault('address.unknown')
    }
  })

/** The same with the organisation that `forPage` has made sure of. */
export const tenantOf = ({ selected }: Who): NonNullable<Selected> => {
  if (selected === undefined) throw new PageFault('address.unknown')
  return selected
}

/** What was sent along with a form is gone; a page can be opened again. */
function signInFor({ method, url }: Request): string {
  const next = method === 'GET' && url !== '/' ? ownPath(url) : undefined
  return next === undefined ? SIGN_IN_PATH : `${SIGN_IN_PATH}?${new URLSearchParams({ next })}`
}

/** What is around every page of somebody who is signed in. */
export const surroundings = ({ session, browser, selected }: Who, current: SettingsPageName, profile: Profile) => ({
  brand: brandOf(profile),
  title: titleOf(current, profile, selected),
  nav: navigationFor(profile, selected, current),
  person: header(session, browser),
})

const header = (session: Session, browser: Browser): SignedIn => ({
  name: session.name,
  email: session.email,
  signOut: { action: SIGN_OUT_PATH, csrf: browser.csrf },
})

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
