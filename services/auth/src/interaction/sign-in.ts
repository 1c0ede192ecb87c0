import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { formActionSource, signInPage } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { FORGOT_PASSWORD_PATH } from '../accounts/forgot-password-path.ts'
import { appendAudited } from '../audit/append.ts'
import { sendAway } from '../authorize/answer.ts'
import { request_describe } from '../authorize/requests.store.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm, readQuery } from '../http/form.ts'
import { ownPath } from '../http/own-path.ts'
import { brandOf, type Pages } from '../http/pages.ts'
import { findSession, placeOf, startSession } from '../people/sessions.ts'
import { type TryPasswordDeps, tryPassword } from '../people/try-password.ts'
import type { Providers } from '../upstream/providers.ts'

export const SIGN_IN_PATH = '/sign-in'
const BODY_BYTES = 16 * 1024

export interface SignInDeps extends TryPasswordDeps {
  readonly profile: Profile
  readonly db: Database
  readonly clock: Clock
  readonly browsers: Browsers
  readonly pages: Pages
  readonly providers: Providers
}

export interface Shown {
  readonly status?: number
  readonly error?: string
  /** What was just done, as a sentence. */
  readonly done?: string | undefined
  /** More about the error. */
  readonly detail?: string
  readonly email?: string | undefined
  readonly client?: { readonly name: string }
  readonly transaction?: string | undefined
  /** Own path to go on to. */
  readonly next?: string | undefined
  readonly formAction?: readonly string[]
}

export async function showSignIn(
  reply: FastifyReply,
  { pages, profile, providers }: Pick<SignInDeps, 'pages' | 'profile' | 'providers'>,
  browser: Browser,
  { status = 200, error, done, detail, email, client, transaction, next, formAction = [] }: Shown,
): Promise<FastifyReply> {
  const markup = signInPage({
    brand: brandOf(profile),
    action: SIGN_IN_PATH,
    csrf: browser.csrf,
    error,
    done,
    detail,
    forgotHref: FORGOT_PASSWORD_PATH,
    email,
    client,
    hidden: { ...(transaction === undefined ? {} : { transaction }), ...(next === undefined ? {} : { next }) },
    providers: (await providers.list()).map(({ id, label }) => ({ label, action: `${SIGN_IN_PATH}/${id}` })),
  })
  return pages.send(reply, markup, { status, formAction })
}

/** Where a signed-in browser goes on to. */
export const afterSignIn = (transaction: string | undefined, next: string | undefined): string =>
  transaction === undefined ? (ownPath(next) ?? '/') : `/oauth/authorize?${new URLSearchParams({ transaction })}`

export function signInRoutes(server: FastifyInstance, deps: SignInDeps): void {
  const { db, clock, browsers } = deps
  addEndpoint(server, {
    path: SIGN_IN_PATH,
    bodyLimit: BODY_BYTES,
    get: async (request, reply) => {
      const browser = browsers.meet(request, reply)
      const query = readQuery(request)
      const next = ownPath(query.get('next'))
      const done = query.get('done') === 'password' ? 'Your password is set. Sign in with it.' : undefined
      const session = await db.asPlatform('sign-in', (tx) => findSession(tx, browser.hash, clock.now()))
      return session === undefined ? showSignIn(reply, deps, browser, { next, done }) : sendAway(reply, next ?? '/')
    },
    post: async (request, reply) => {
      const form = readForm(request)
      const browser = browsers.requireOwnForm(request, form.get('csrf'))
      const [transaction, next, email] = [form.get('transaction'), ownPath(form.get('next')), form.get('email')]
      const outcome = await tryPassword(request, reply, { email, password: form.get('password') }, deps)
      if (outcome.kind === 'refused') {
        const { status, error, retryAfter } = outcome
        // Tries that were not even judged are as many as somebody sends: the limit counts them.
        if (retryAfter === undefined)
          await db.asPlatform('audit', (tx) => appendAudited(tx, 'signedIn', refusedAt(clock)))
        if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
        const about = await purpose(transaction, browser, db)
        return showSignIn(reply, deps, browser, { status, error, email: email?.slice(0, 320), next, ...about })
      }
      const now = new Date(clock.now())
      const signIn = { before: browser, after: browsers.renew(reply), transaction, authTime: now, now }
      const { id: personId } = outcome.person
      await db.asPlatform('sign-in', (tx) => startSession(tx, { ...signIn, ...placeOf(request, 'password'), personId }))
      request.log.info({ person: personId }, 'signed in')
      return sendAway(reply, afterSignIn(transaction, next))
    },
  })
}

/** Neither the address that was typed, nor whether there is an account of it. */
const refusedAt = (clock: Clock) =>
  ({
    actor: { kind: 'nobody' },
    outcome: 'refused',
    reason: 'password.wrong',
    action: 'password',
    now: new Date(clock.now()),
  }) as const

/** What the person signs in for, to be shown again. */
export async function purpose(transaction: string | undefined, browser: Browser, db: Database): Promise<Shown> {
  if (transaction === undefined) return {}
  const request = await db.asPlatform('sign-in', (tx) => request_describe(tx, transaction, browser.hash))
  if (request === undefined) return { transaction }
  return { transaction, client: { name: request.clientName }, formAction: [formActionSource(request.redirectUri)] }
}
