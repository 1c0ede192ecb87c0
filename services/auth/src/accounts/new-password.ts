import { newPasswordPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { appendAudited } from '../audit/append.ts'
import { sendAway } from '../authorize/answer.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm, readQuery } from '../http/form.ts'
import { brandOf, PageFault } from '../http/pages.ts'
import { SIGN_IN_PATH } from '../interaction/sign-in.ts'
import type { SignedInDeps } from '../interaction/signed-in.ts'
import { passwordChangedLetter } from '../mail/letters.ts'
import { endGrantsOf } from '../people/end-access.ts'
import { faultOfPassword } from '../people/new-password.ts'
import type { Passwords } from '../people/passwords.ts'
import { account_get, account_lock, person_update_password } from '../people/people.store.ts'
import { session_delete_all_of_person } from '../people/sessions.store.ts'
import { sha256 } from '../secrets.ts'
import { FORGOT_PASSWORD_PATH } from './forgot-password-path.ts'
import { hasLeft, type InviteDeps } from './invite.ts'
import { link_end_of_person, link_get, link_use } from './links.store.ts'
import { NEW_PASSWORD_PATH } from './links.ts'

export interface NewPasswordDeps extends SignedInDeps, InviteDeps {
  readonly passwords: Passwords
}

/** Behind a link that was mailed. Opening it uses nothing up: what reads mails opens links. */
export function newPasswordRoutes(server: FastifyInstance, deps: NewPasswordDeps): void {
  const { profile, publicUrl, db, clock, browsers, pages, passwords, mailer, log } = deps
  /** @throws PageFault when the link is no good, or the account is not */
  const accountBehind = async (link: string) => {
    const now = new Date(clock.now())
    const account = await db.asPlatform('password link', async (tx) => {
      const about = await link_get(tx, sha256(link), 'password', now)
      return about?.personId == null ? undefined : account_get(tx, about.personId)
    })
    if (account === undefined || account.deactivatedAt !== null) throw new PageFault('link.over')
    return account
  }
  addEndpoint(server, {
    path: NEW_PASSWORD_PATH,
    bodyLimit: 8 * 1024,
    get: async (request, reply) => {
      const { csrf } = browsers.meet(request, reply)
      const link = readQuery(request).get('link') ?? ''
      const { email } = await accountBehind(link)
      return pages.send(
        reply,
        newPasswordPage({ brand: brandOf(profile), action: NEW_PASSWORD_PATH, csrf, link, email }),
      )
    },
    post: async (request, reply) => {
      const form = readForm(request)
      const { csrf } = browsers.requireOwnForm(request, form.get('csrf'))
      const [link, wanted] = [form.get('link') ?? '', form.get('password') ?? '']
      const account = await accountBehind(link)
      const fault = faultOfPassword(wanted, { ...account, brand: profile.branding.name })
      if (fault !== undefined) {
        const { email } = account
        const of = { brand: brandOf(profile), action: NEW_PASSWORD_PATH, csrf, link, email, fault }
        return pages.send(reply, newPasswordPage(of), { status: 400 })
      }
      const hash = await passwords.hash(wanted)
      const now = new Date(clock.now())
      const set = await db.asPlatform('password link', async (tx) => {
        // Before the person is held: of many at once, one goes on.
        const used = await link_use(tx, sha256(link), 'password', now)
        if (used?.personId == null) return undefined
        const person = await account_lock(tx, used.personId)
        if (person === undefined || person.deactivatedAt !== null) return undefined
        await person_update_password(tx, person.id, hash)
        await link_end_of_person(tx, person.id, now)
        await session_delete_all_of_person(tx, person.id)
        if (form.get('applications') === 'revoke') await endGrantsOf(tx, person.id, { reason: 'person.revoked', now })
        const actor = { kind: 'person', id: person.id } as const
        await appendAudited(tx, 'passwordChanged', { actor, outcome: 'succeeded', action: 'link', now })
        return person
      })
      if (set === undefined) throw new PageFault('link.over')
      request.log.info({ person: set.id }, 'password set by a link')
      const letter = { to: set.email, brand: profile.branding.name, helpUrl: `${publicUrl}${FORGOT_PASSWORD_PATH}` }
      void hasLeft(() => mailer.send(passwordChangedLetter(letter)), log)
      browsers.renew(reply)
      return sendAway(reply, `${SIGN_IN_PATH}?${new URLSearchParams({ done: 'password' })}`)
    },
  })
}
