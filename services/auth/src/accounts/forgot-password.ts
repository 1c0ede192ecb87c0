import { forgotPasswordPage, linkSentPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../errors.ts'
import type { Browser } from '../http/browser.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { brandOf } from '../http/pages.ts'
import { senderOf } from '../http/sender.ts'
import type { SignedInDeps } from '../interaction/signed-in.ts'
import { passwordLetter } from '../mail/letters.ts'
import { person_get_by_email } from '../people/people.store.ts'
import { sha256Base64url } from '../secrets.ts'
import { readEmail } from '../settings/fields.ts'
import { upstream_identity_list_of_person } from '../upstream/identities.store.ts'
import { FORGOT_PASSWORD_PATH } from './forgot-password-path.ts'
import { hasLeft, type InviteDeps } from './invite.ts'
import { makePasswordLink } from './links.ts'

export interface ForgotPasswordDeps extends SignedInDeps, InviteDeps {
  readonly limiter: Limiter
}

/** Of one address, and to one: whoever asks for others fills their mailbox. */
const ASKING = { limit: 20, windowMs: 3_600_000 }
const RECEIVING = { limit: 5, windowMs: 3_600_000 }

/** For who cannot sign in any more. What is answered, and when, does not tell whether there is such an account. */
export function forgotPasswordRoutes(server: FastifyInstance, deps: ForgotPasswordDeps): void {
  const { profile, browsers, pages, limiter, log } = deps
  const ask = (reply: Parameters<Handler>[1], browser: Browser, error?: string) => {
    const { csrf } = browser
    const markup = forgotPasswordPage({ brand: brandOf(profile), action: FORGOT_PASSWORD_PATH, csrf, error })
    return pages.send(reply, markup, { status: error === undefined ? 200 : 400 })
  }
  addEndpoint(server, {
    path: FORGOT_PASSWORD_PATH,
    bodyLimit: 8 * 1024,
    get: async (request, reply) => ask(reply, browsers.meet(request, reply)),
    post: async (request, reply) => {
      const form = readForm(request)
      const browser = browsers.requireOwnForm(request, form.get('csrf'))
      const email = readEmail(form.get('email'))
      if (email === undefined) return ask(reply, browser, 'That is not an email address.')
      const wait = await limiter.count(`forgot:${senderOf(request)}`, ASKING)
      if (wait !== undefined) throw new Refusal('rate.exceeded', { retryAfterSeconds: wait })
      // Whatever it takes is done when the answer has left.
      void hasLeft(() => sendPasswordLink(email, deps), log)
      return pages.send(reply, linkSentPage({ brand: brandOf(profile) }))
    },
  })
}

/** Nothing for an address without an account, for one that is not in use, and for who only signs in elsewhere. */
async function sendPasswordLink(email: string, deps: ForgotPasswordDeps): Promise<void> {
  const { profile, publicUrl, db, clock, mailer, limiter } = deps
  if ((await limiter.count(`forgot:${sha256Base64url(email.toLowerCase())}`, RECEIVING)) !== undefined) return
  const made = await db.asPlatform('password link', async (tx) => {
    const person = await person_get_by_email(tx, email)
    // A database may take more letters for the same than we do, and the letter goes to the address that is kept.
    if (person === undefined || person.email.toLowerCase() !== email.toLowerCase()) return undefined
    if (person.deactivatedAt !== null) return undefined
    const elsewhere = await upstream_identity_list_of_person(tx, person.id)
    if (person.passwordHash === null && elsewhere.length > 0) return undefined
    return { to: person.email, link: await makePasswordLink(tx, publicUrl, person.id, new Date(clock.now())) }
  })
  if (made !== undefined) await mailer.send(passwordLetter({ ...made, brand: profile.branding.name }))
}
