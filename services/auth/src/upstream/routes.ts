import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { goOnPage } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendAway } from '../authorize/answer.ts'
import { request_describe } from '../authorize/requests.store.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm, readQuery } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { ownPath } from '../http/own-path.ts'
import { brandOf, FAULTS, PageFault, type Pages } from '../http/pages.ts'
import { senderOf } from '../http/sender.ts'
import { afterSignIn, purpose, SIGN_IN_PATH, showSignIn } from '../interaction/sign-in.ts'
import { findSession, placeOf, startSession } from '../people/sessions.ts'
import { newSecret, sha256 } from '../secrets.ts'
import { SECURITY_PATH } from '../settings/access.ts'
import { arrive, link } from './arrive.ts'
import type { Provider } from './provider.ts'
import type { Providers } from './providers.ts'
import { requireRecent } from './recent.ts'
import type { Identity, RelyingParty } from './relying-party.ts'
import {
  type UpstreamTransaction,
  upstream_transaction_insert,
  upstream_transaction_take,
} from './transactions.store.ts'

export interface UpstreamDeps {
  readonly profile: Profile
  readonly publicUrl: string
  readonly db: Database
  readonly clock: Clock
  readonly browsers: Browsers
  readonly pages: Pages
  readonly limiter: Limiter
  readonly providers: Providers
  readonly relyingParty: RelyingParty
}

/** How long a person may take at the provider. */
const AWAY_MS = 15 * 60_000
/** Clocks of two machines. */
const SKEW_MS = 60_000
const DEPARTURES = { limit: 300, windowMs: 60_000 }

const callbackOf = (publicUrl: string, { id }: Provider): string => `${publicUrl}${SIGN_IN_PATH}/${id}/callback`

/** Signing in where a person has an account already: `POST /sign-in/<provider>` and its callback. */
export function upstreamRoutes(server: FastifyInstance, deps: UpstreamDeps): void {
  const { db, clock, browsers, limiter } = deps
  addEndpoint(server, {
    path: `${SIGN_IN_PATH}/:provider`,
    bodyLimit: 16 * 1024,
    get: async (_request, reply) => sendAway(reply, SIGN_IN_PATH),
    post: async (request, reply) => {
      const form = readForm(request)
      const browser = browsers.requireOwnForm(request, form.get('csrf'))
      const provider = await providerOf(request, deps)
      await limiter.need(`upstream:${senderOf(request)}`, DEPARTURES)
      const [transaction, next] = [form.get('transaction'), ownPath(form.get('next'))]
      try {
        return await depart(reply, provider, browser, { transaction, next }, deps)
      } catch (error) {
        return stayHere(error, request, reply, browser, { transaction, next }, deps)
      }
    },
  })
  addEndpoint(server, {
    path: `${SIGN_IN_PATH}/:provider/link`,
    bodyLimit: 8 * 1024,
    get: async (_request, reply) => sendAway(reply, SECURITY_PATH),
    post: async (request, reply) => {
      const browser = browsers.requireOwnForm(request, readForm(request).get('csrf'))
      const provider = await providerOf(request, deps)
      const session = await db.asPlatform('upstream', (tx) => findSession(tx, browser.hash, clock.now()))
      if (session === undefined) return sendAway(reply, SIGN_IN_PATH)
      requireRecent(session.authTime, clock)
      return depart(reply, provider, browser, { linkPersonId: session.personId, next: SECURITY_PATH }, deps)
    },
  })
  addEndpoint(server, {
    path: `${SIGN_IN_PATH}/:provider/callback`,
    get: async (request, reply) => {
      const provider = await providerOf(request, deps)
      const browser = browsers.known(request)
      const state = readQuery(request).get('state')
      if (browser === undefined || state === undefined) throw new PageFault('upstream.lost')
      const of = { providerId: provider.id, browserHash: browser.hash, now: new Date(clock.now()) }
      // Taken before anything is asked of the provider: an answer is used once, whatever becomes of it.
      const waiting = await db.asPlatform('upstream', (tx) => upstream_transaction_take(tx, sha256(state), of))
      if (waiting === undefined) throw new PageFault('upstream.lost')
      const about = { transaction: waiting.requestId ?? undefined, next: waiting.next ?? undefined }
      try {
        return await comeBack(request, reply, { provider, browser, state, waiting }, deps)
      } catch (error) {
        if (waiting.linkPersonId !== null) throw error
        return stayHere(error, request, reply, browser, about, deps)
      }
    },
  })
}

async function providerOf(request: FastifyRequest, { providers }: UpstreamDeps): Promise<Provider> {
  const provider = await providers.find((request.params as { readonly provider: string }).provider)
  if (provider === undefined) throw new PageFault('upstream.unknown')
  return provider
}

interface Purpose {
  readonly transaction?: string | undefined
  readonly next?: string | undefined
  readonly linkPersonId?: string | undefined
}

async function depart(
  reply: FastifyReply,
  provider: Provider,
  browser: Browser,
  { transaction, next, linkPersonId }: Purpose,
  { profile, publicUrl, db, clock, pages, relyingParty }: UpstreamDeps,
): Promise<FastifyReply> {
  const request =
    transaction === undefined
      ? undefined
      : await db.asPlatform('upstream', (tx) => request_describe(tx, transaction, browser.hash))
  if (transaction !== undefined && request === undefined) throw new PageFault('request.expired')
  const state = newSecret()
  const fresh = linkPersonId !== undefined || request?.unmet.includes('login') === true
  const maxAge = request?.maxAge ?? undefined
  const redirectUri = callbackOf(publicUrl, provider)
  const url = await relyingParty.depart(provider, {
    state,
    redirectUri,
    loginHint: request?.loginHint ?? undefined,
    maxAge,
    fresh,
  })
  const createdAt = new Date(clock.now())
  await db.asPlatform('upstream', (tx) =>
    upstream_transaction_insert(tx, sha256(state), {
      providerId: provider.id,
      browserHash: browser.hash,
      requestId: transaction ?? null,
      next: next ?? null,
      linkPersonId: linkPersonId ?? null,
      fresh,
      maxAge: maxAge ?? null,
      createdAt,
      expiresAt: new Date(createdAt.getTime() + AWAY_MS),
    }),
  )
  // A page, not a redirect: `form-action` holds through every redirect that follows a form, and nobody can name those of a provider.
  const markup = goOnPage({ brand: brandOf(profile), href: url.href, label: provider.label })
  return pages.send(reply, markup, { goOn: { href: url.href, afterSeconds: 0 } })
}

interface Arriving {
  readonly provider: Provider
  readonly browser: Browser
  readonly state: string
  readonly waiting: UpstreamTransaction
}

async function comeBack(
  request: FastifyRequest,
  reply: FastifyReply,
  { provider, browser, state, waiting }: Arriving,
  deps: UpstreamDeps,
): Promise<FastifyReply> {
  const { publicUrl, db, clock, browsers, relyingParty } = deps
  const query = request.url.includes('?') ? request.url.slice(request.url.indexOf('?')) : ''
  const callback = new URL(`${callbackOf(publicUrl, provider)}${query}`)
  const identity = await relyingParty.arrive(provider, callback, { state, maxAge: waiting.maxAge ?? undefined })
  if (waiting.fresh && isOlder(identity, waiting.createdAt)) throw new PageFault('upstream.stale')
  const now = new Date(clock.now())
  if (waiting.linkPersonId !== null) {
    const session = await db.asPlatform('upstream', (tx) => findSession(tx, browser.hash, now.getTime()))
    if (session?.personId !== waiting.linkPersonId) throw new PageFault('upstream.lost')
    await link(db, session.personId, identity, now)
    request.log.info({ person: session.personId, provider: provider.id }, 'a way to sign in was linked')
    return sendAway(reply, SECURITY_PATH)
  }
  const next = browsers.next()
  const transaction = waiting.requestId ?? undefined
  const personId = await db.asPlatform('upstream', async (tx) => {
    const personId = await arrive(tx, provider, identity, now)
    // As old as it is there, so that what we tell of it is true.
    const authTime = identity.authTime !== undefined && identity.authTime < now ? identity.authTime : now
    const place = placeOf(request, `upstream:${provider.id}`)
    await startSession(tx, { ...place, personId, before: browser, after: next.browser, transaction, authTime, now })
    return personId
  })
  next.give(reply)
  request.log.info({ person: personId, provider: provider.id }, 'signed in')
  return sendAway(reply, afterSignIn(transaction, waiting.next ?? undefined))
}

/** Where a provider says nothing of the time, it was asked for a new sign-in, and that has to do. */
const isOlder = ({ authTime }: Identity, createdAt: Date): boolean =>
  authTime !== undefined && authTime.getTime() < createdAt.getTime() - SKEW_MS

/** The sign-in page says what went wrong elsewhere, and every other way to sign in goes on. */
async function stayHere(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  browser: Browser,
  { transaction, next }: Purpose,
  deps: UpstreamDeps,
): Promise<FastifyReply> {
  if (!(error instanceof PageFault)) throw error
  if (!error.reason.startsWith('upstream.') && error.reason !== 'account.deactivated') throw error
  request.log.info({ reason: error.reason, err: error.cause }, 'sign-in elsewhere failed')
  const { status, title, cause } = FAULTS[error.reason]
  const about = await purpose(transaction, browser, deps.db)
  return showSignIn(reply, deps, browser, { status, error: title, detail: cause, next, ...about })
}
