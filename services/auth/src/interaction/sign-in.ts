import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { formActionSource, signInPage } from '@gatehouse/pages'
import type { Profile } from '@gatehouse/profiles'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendAway } from '../authorize/answer.ts'
import { request_describe, request_identify, request_move } from '../authorize/requests.store.ts'
import type { Browser, Browsers } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { type Params, readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { brandOf, type Pages } from '../http/pages.ts'
import type { Passwords } from '../people/passwords.ts'
import { type Person, person_get_by_email } from '../people/people.store.ts'
import { session_delete, session_insert } from '../people/sessions.store.ts'
import { findSession, LIFE_MS } from '../people/sessions.ts'
import { sha256Base64url } from '../secrets.ts'

export const SIGN_IN_PATH = '/sign-in'
const BODY_BYTES = 16 * 1024

export interface SignInDeps {
  readonly profile: Profile
  readonly db: Database
  readonly clock: Clock
  readonly browsers: Browsers
  readonly pages: Pages
  readonly passwords: Passwords
  readonly limiter: Limiter
}

/**
 * One address trying one account is slowed first, so that strangers elsewhere cannot keep a person out; the wider limits stop guessing
 * from many addresses, and of many accounts.
 */
const PAIR = { limit: 20, windowMs: 60_000 }
const ACCOUNT = { limit: 100, windowMs: 60_000 }
const ADDRESS = { limit: 200, windowMs: 60_000 }

const WRONG = 'Email or password is wrong.'

interface Shown {
  readonly status?: number
  readonly error?: string
  readonly email?: string | undefined
  readonly client?: { readonly name: string }
  readonly transaction?: string | undefined
  readonly formAction?: readonly string[]
}

export function showSignIn(
  reply: FastifyReply,
  { pages, profile }: Pick<SignInDeps, 'pages' | 'profile'>,
  browser: Browser,
  { status = 200, error, email, client, transaction, formAction = [] }: Shown,
): FastifyReply {
  const hidden = transaction === undefined ? undefined : { transaction }
  const markup = signInPage({
    brand: brandOf(profile),
    action: SIGN_IN_PATH,
    csrf: browser.csrf,
    error,
    email,
    client,
    hidden,
  })
  return pages.send(reply, markup, { status, formAction })
}

export function signInRoutes(server: FastifyInstance, deps: SignInDeps): void {
  const { db, clock, browsers } = deps
  addEndpoint(server, {
    path: SIGN_IN_PATH,
    bodyLimit: BODY_BYTES,
    get: async (request, reply) => {
      const browser = browsers.meet(request, reply)
      const session = await db.asPlatform('sign-in', (tx) => findSession(tx, browser.hash, clock.now()))
      return session === undefined ? showSignIn(reply, deps, browser, {}) : sendAway(reply, '/')
    },
    post: async (request, reply) => {
      const form = readForm(request)
      const browser = browsers.requireOwnForm(request, form.get('csrf'))
      const outcome = await tryPassword(request, form, deps)
      const transaction = form.get('transaction')
      if (outcome.kind === 'refused') {
        const { status, error, retryAfter } = outcome
        if (retryAfter !== undefined) reply.header('retry-after', String(retryAfter))
        const email = form.get('email')?.slice(0, 320)
        return showSignIn(reply, deps, browser, {
          status,
          error,
          email,
          ...(await purpose(transaction, browser, deps)),
        })
      }
      await startSession(outcome.person, browser, browsers.renew(reply), transaction, deps)
      request.log.info({ person: outcome.person.id }, 'signed in')
      return sendAway(
        reply,
        transaction === undefined ? '/' : `/oauth/authorize?${new URLSearchParams({ transaction })}`,
      )
    },
  })
}

type Outcome =
  | { readonly kind: 'known'; readonly person: Person }
  | { readonly kind: 'refused'; readonly status: number; readonly error: string; readonly retryAfter?: number }

async function tryPassword(request: FastifyRequest, form: Params, deps: SignInDeps): Promise<Outcome> {
  const [email = '', password = ''] = [form.get('email')?.trim(), form.get('password')]
  // The store is shared with others: an address of a person does not stand in it.
  const account = sha256Base64url(email.toLowerCase())
  const keys = { pair: `sign-in:${account}:${request.ip}`, account: `sign-in:${account}` }
  // In this order: a try that its address may not make does not count against the account.
  const retryAfter =
    (await deps.limiter.count(`sign-in:${request.ip}`, ADDRESS)) ??
    (await deps.limiter.count(keys.pair, PAIR)) ??
    (await deps.limiter.count(keys.account, ACCOUNT))
  if (retryAfter !== undefined) {
    return { kind: 'refused', status: 429, error: `Too many tries. Try again in ${retryAfter} seconds.`, retryAfter }
  }
  // Nobody has such an email or such a password.
  const readable = email.length <= 320 && password.length <= 1_024
  const likely = readable ? await deps.db.asPlatform('sign-in', (tx) => person_get_by_email(tx, email)) : undefined
  // A database may take more letters for the same than we do; each such spelling would be counted apart.
  const found = likely?.email.toLowerCase() === email.toLowerCase() ? likely : undefined
  const matches = await deps.passwords.verify(found?.passwordHash ?? undefined, password.slice(0, 1_024))
  if (!matches || found === undefined) return { kind: 'refused', status: 403, error: WRONG }
  await Promise.all([deps.limiter.forget(keys.pair), deps.limiter.forget(keys.account)])
  return { kind: 'known', person: found }
}

/** What the person signs in for, to be shown again. */
async function purpose(transaction: string | undefined, browser: Browser, { db }: SignInDeps): Promise<Shown> {
  if (transaction === undefined) return {}
  const request = await db.asPlatform('sign-in', (tx) => request_describe(tx, transaction, browser.hash))
  if (request === undefined) return { transaction }
  return { transaction, client: { name: request.clientName }, formAction: [formActionSource(request.redirectUri)] }
}

/** The browser gets a new cookie, so that one that somebody planted before is worth nothing (session fixation). */
async function startSession(
  person: Person,
  before: Browser,
  after: Browser,
  transaction: string | undefined,
  { db, clock }: SignInDeps,
): Promise<void> {
  const now = new Date(clock.now())
  await db.asPlatform('sign-in', async (tx) => {
    await session_delete(tx, before.hash)
    await session_insert(tx, {
      idHash: after.hash,
      personId: person.id,
      now,
      expiresAt: new Date(now.getTime() + LIFE_MS),
    })
    await request_move(tx, before.hash, after.hash)
    if (transaction !== undefined) await request_identify(tx, transaction, after.hash)
  })
}
