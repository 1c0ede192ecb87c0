import { type SecurityView, securityPage, signedOutPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { FORGOT_PASSWORD_PATH } from '../accounts/forgot-password-path.ts'
import { hasLeft, type InviteDeps } from '../accounts/invite.ts'
import { link_end_of_person } from '../accounts/links.store.ts'
import { appendAudited } from '../audit/append.ts'
import { sendAway } from '../authorize/answer.ts'
import { Refusal } from '../errors.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { brandOf, PageFault } from '../http/pages.ts'
import { SIGN_IN_PATH } from '../interaction/sign-in.ts'
import { forSignedIn, type SignedInDeps, surroundings, type Who } from '../interaction/signed-in.ts'
import { passwordChangedLetter } from '../mail/letters.ts'
import { endGrantsOf } from '../people/end-access.ts'
import { faultOfPassword } from '../people/new-password.ts'
import type { Passwords } from '../people/passwords.ts'
import { account_get, account_lock, person_replace_password } from '../people/people.store.ts'
import { browserInWords } from '../people/places.ts'
import {
  session_delete_all_of_person,
  session_delete_of_person,
  session_list_of_person,
  session_rename,
} from '../people/sessions.store.ts'
import { appendSignedOut, IDLE_MS } from '../people/sessions.ts'
import { sameBytes } from '../secrets.ts'
import { SECURITY_PATH } from '../settings/access.ts'
import { upstream_identity_delete, upstream_identity_list_of_person } from '../upstream/identities.store.ts'
import type { Providers } from '../upstream/providers.ts'
import { requireRecent } from '../upstream/recent.ts'

export interface SecurityDeps extends SignedInDeps, Pick<InviteDeps, 'mailer' | 'log'> {
  readonly passwords: Passwords
  readonly limiter: Limiter
  readonly providers: Providers
}

const TRIES = { limit: 10, windowMs: 60_000 }
const WRONG = 'That is not your password.'

type Reply = Parameters<Handler>[1]

/** Where a person sees how and where they are signed in, and ends it. */
export function securityRoutes(server: FastifyInstance, deps: SecurityDeps): void {
  const { profile, db, clock, browsers, pages, limiter, passwords } = deps
  const form = (path: string, post: Handler) =>
    addEndpoint(server, {
      path: `${SECURITY_PATH}${path}`,
      bodyLimit: 8 * 1024,
      // Where a person lands who reloads the page of an answer.
      get: async (_request, reply) => sendAway(reply, SECURITY_PATH),
      post,
    })
  addEndpoint(server, { path: SECURITY_PATH, get: forSignedIn(deps, (who, _request, reply) => show(who, reply, deps)) })

  form(
    '/session',
    forSignedIn(deps, async (who, request, reply) => {
      const given = readForm(request)
      browsers.requireOwnForm(request, given.get('csrf'))
      const { personId } = who.session
      const ended = await db.asPlatform('sign-out', async (tx) => {
        const session = await session_delete_of_person(tx, given.get('session') ?? '', personId)
        if (session !== undefined) await appendSignedOut(tx, personId, 'other-browser', new Date(clock.now()))
        return session
      })
      if (ended === undefined) throw new PageFault('thing.unknown')
      request.log.info({ person: personId }, 'a session was ended')
      if (sameBytes(ended.idHash, who.browser.hash)) {
        browsers.renew(reply)
        return pages.send(reply, signedOutPage({ brand: brandOf(profile) }))
      }
      return show(who, reply, deps, { done: 'That browser is signed out.' })
    }),
  )

  form(
    '/sign-out-everywhere',
    forSignedIn(deps, async ({ session: { personId } }, request, reply) => {
      const given = readForm(request)
      browsers.requireOwnForm(request, given.get('csrf'))
      const applications = given.get('applications') === 'revoke'
      await db.asPlatform('sign-out', async (tx) => {
        await account_lock(tx, personId)
        await session_delete_all_of_person(tx, personId)
        const of = { reason: 'person.revoked', now: new Date(clock.now()) } as const
        if (applications) await endGrantsOf(tx, personId, of)
        await appendSignedOut(tx, personId, 'everywhere', of.now)
      })
      request.log.info({ person: personId, applications }, 'signed out everywhere')
      browsers.renew(reply)
      return pages.send(reply, signedOutPage({ brand: brandOf(profile), everywhere: true, applications }))
    }),
  )

  form(
    '/password',
    forSignedIn(deps, async (who, request, reply) => {
      const given = readForm(request)
      browsers.requireOwnForm(request, given.get('csrf'))
      const { personId } = who.session
      const [current = '', wanted = ''] = [given.get('current'), given.get('password')]
      const account = await db.asPlatform('password', (tx) => account_get(tx, personId))
      const stored = account?.passwordHash ?? undefined
      // Who has none cannot set one here: a session alone would be enough to take the account over.
      if (account === undefined || stored === undefined) throw new PageFault('thing.unknown')
      const wait = await limiter.count(`password:${personId}`, TRIES)
      if (wait !== undefined) throw new Refusal('rate.exceeded', { retryAfterSeconds: wait })
      if (current.length > 1_024 || !(await passwords.verify(stored, current))) {
        return show(who, reply, deps, { status: 403, faults: { current: WRONG } })
      }
      const fault = faultOfPassword(wanted, { ...account, brand: profile.branding.name })
      if (fault !== undefined) return show(who, reply, deps, { status: 400, faults: { password: fault } })
      const hash = await passwords.hash(wanted)
      const next = browsers.next()
      const changed = await db.asPlatform('password', async (tx) => {
        await account_lock(tx, personId)
        if (!(await person_replace_password(tx, personId, stored, hash))) return false
        const actor = { kind: 'person', id: personId } as const
        await appendAudited(tx, 'passwordChanged', { actor, outcome: 'succeeded', now: new Date(clock.now()) })
        await link_end_of_person(tx, personId, new Date(clock.now()))
        await session_delete_all_of_person(tx, personId, who.browser.hash)
        await session_rename(tx, who.browser.hash, next.browser.hash)
        if (given.get('applications') === 'revoke') {
          await endGrantsOf(tx, personId, { reason: 'person.revoked', now: new Date(clock.now()) })
        }
        return true
      })
      if (!changed) return show(who, reply, deps, { status: 403, faults: { current: WRONG } })
      next.give(reply)
      await limiter.forget(`password:${personId}`)
      request.log.info({ person: personId }, 'password changed')
      const helpUrl = `${deps.publicUrl}${FORGOT_PASSWORD_PATH}`
      const letter = passwordChangedLetter({ to: account.email, brand: profile.branding.name, helpUrl })
      void hasLeft(() => deps.mailer.send(letter), deps.log)
      const done = 'Your password is changed. Every other browser is signed out.'
      return show({ ...who, browser: next.browser }, reply, deps, { done })
    }),
  )

  form(
    '/unlink',
    forSignedIn(deps, async (who, request, reply) => {
      const given = readForm(request)
      browsers.requireOwnForm(request, given.get('csrf'))
      const { personId, authTime } = who.session
      requireRecent(authTime, clock)
      const of = { issuer: given.get('issuer') ?? '', subject: given.get('subject') ?? '', personId }
      await db.asPlatform('upstream', async (tx) => {
        await account_lock(tx, personId)
        const known = await upstream_identity_list_of_person(tx, personId)
        if (!known.some(({ issuer, subject }) => issuer === of.issuer && subject === of.subject)) {
          throw new PageFault('thing.unknown')
        }
        if (!(await upstream_identity_delete(tx, of))) throw new PageFault('sign-in.last')
      })
      return show(who, reply, deps, { done: 'That way to sign in is removed.' })
    }),
  )
}

interface Shown {
  readonly status?: number
  readonly done?: string
  readonly faults?: SecurityView['faults']
}

async function show(who: Who, reply: Reply, deps: SecurityDeps, shown: Shown = {}) {
  const { profile, db, clock, pages } = deps
  const { session, browser } = who
  const providers = await deps.providers.list()
  const nowMs = clock.now()
  const { account, sessions, identities } = await db.asPlatform('page', async (tx) => ({
    account: await account_get(tx, session.personId),
    sessions: await session_list_of_person(tx, session.personId, new Date(nowMs), new Date(nowMs - IDLE_MS)),
    identities: await upstream_identity_list_of_person(tx, session.personId),
  }))
  const labelOf = (issuer: string) => providers.find((one) => one.issuer === issuer)?.label ?? new URL(issuer).host
  const method = (text: string) => providers.find(({ id }) => text === `upstream:${id}`)?.label
  const view: SecurityView = {
    ...surroundings(who, 'security', profile),
    csrf: browser.csrf,
    action: SECURITY_PATH,
    hasPassword: account?.passwordHash != null,
    done: shown.done,
    faults: shown.faults,
    sessions: sessions.map((one) => ({
      id: one.id,
      browser: browserInWords(one.userAgent),
      network: one.network,
      method: method(one.method),
      signedInAt: one.authTime,
      seenAt: one.seenAt,
      current: sameBytes(one.idHash, browser.hash),
    })),
    identities: identities.map(({ issuer, subject, email, usedAt }) => ({
      label: labelOf(issuer),
      email,
      usedAt,
      fields: { issuer, subject },
    })),
    linkable: providers
      .filter(({ issuer }) => !identities.some((one) => one.issuer === issuer))
      .map(({ id, label }) => ({ label, action: `${SIGN_IN_PATH}/${id}/link` })),
  }
  return pages.send(reply, securityPage(view), { status: shown.status ?? 200 })
}
