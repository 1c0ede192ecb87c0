import type { Tx } from '@gatehouse/database'
import { type InvitationPage, invitationPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { appendAdministered } from '../audit/by-person.ts'
import { sendAway } from '../authorize/answer.ts'
import type { Browser } from '../http/browser.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm, readQuery } from '../http/form.ts'
import { brandOf, PageFault } from '../http/pages.ts'
import { SIGN_IN_PATH } from '../interaction/sign-in.ts'
import { SIGN_OUT_PATH, type SignedInDeps } from '../interaction/signed-in.ts'
import { faultOfPassword } from '../people/new-password.ts'
import type { Passwords } from '../people/passwords.ts'
import {
  account_lock,
  account_rename,
  membership_insert,
  person_get_by_email,
  person_insert,
  person_update_password,
} from '../people/people.store.ts'
import type { Session } from '../people/sessions.store.ts'
import { findSession, placeOf, startSession } from '../people/sessions.ts'
import { newId, sha256 } from '../secrets.ts'
import { readName } from '../settings/fields.ts'
import { upstream_identity_list_of_person } from '../upstream/identities.store.ts'
import { invitation_accept } from '../upstream/offers.store.ts'
import { invitation_lock, link_get, link_use, type WaitingInvitation } from './links.store.ts'
import { INVITATION_PATH } from './links.ts'

export interface InvitationDeps extends SignedInDeps {
  readonly passwords: Passwords
}

/** What is behind a link: the invitation, and who has that address. */
interface Behind {
  readonly invitation: WaitingInvitation
  readonly personId: string | undefined
  readonly step: InvitationPage['step']
}

/**
 * Behind a link that was mailed to somebody who is invited. The link proves the address: who has no account gets one with it, who has one
 * joins when they are signed in to it.
 */
export function invitationRoutes(server: FastifyInstance, deps: InvitationDeps): void {
  const { profile, db, clock, browsers, pages, passwords } = deps
  const show = (link: string, browser: Browser, { invitation, step }: Behind, draft?: InvitationPage['draft']) =>
    invitationPage({
      ...{ brand: brandOf(profile), action: INVITATION_PATH, csrf: browser.csrf, link, step, draft },
      tenant: { name: invitation.tenantName },
      role: invitation.role,
      email: invitation.email,
      signInHref: `${SIGN_IN_PATH}?${new URLSearchParams({ next: `${INVITATION_PATH}?${new URLSearchParams({ link })}` })}`,
      signOut: { action: SIGN_OUT_PATH, csrf: browser.csrf },
    })
  addEndpoint(server, {
    path: INVITATION_PATH,
    bodyLimit: 8 * 1024,
    get: async (request, reply) => {
      const browser = browsers.meet(request, reply)
      const link = readQuery(request).get('link') ?? ''
      const behind = await db.asPlatform('invitation', (tx) => look(tx, link, browser, clock.now()))
      return pages.send(reply, show(link, browser, behind))
    },
    post: async (request, reply) => {
      const form = readForm(request)
      const browser = browsers.requireOwnForm(request, form.get('csrf'))
      const link = form.get('link') ?? ''
      const behind = await db.asPlatform('invitation', (tx) => look(tx, link, browser, clock.now()))
      const now = new Date(clock.now())
      if (behind.step === 'join') {
        await db.asPlatform('invitation', async (tx) => {
          const { invitation, personId = '' } = await take(tx, link, browser, now)
          await join(tx, personId, invitation, now)
        })
        return sendAway(reply, '/')
      }
      if (behind.step !== 'account') return pages.send(reply, show(link, browser, behind), { status: 409 })
      const [name, password] = [readName(form.get('name')), form.get('password') ?? '']
      const { email } = behind.invitation
      const fault = faultOfPassword(password, { email, name: name ?? '', brand: profile.branding.name })
      if (name === undefined || fault !== undefined) {
        const faults = {
          ...(name === undefined ? { name: 'Use 1 to 100 plain characters.' } : {}),
          ...(fault === undefined ? {} : { password: fault }),
        }
        const markup = show(link, browser, behind, { name: form.get('name') ?? '', faults })
        return pages.send(reply, markup, { status: 400 })
      }
      const hash = await passwords.hash(password)
      const after = browsers.next()
      const personId = await db.asPlatform('invitation', async (tx) => {
        const { invitation, step, personId: known } = await take(tx, link, browser, now)
        if (step !== 'account') throw new PageFault('link.over')
        const id = await settle(tx, known, { email: invitation.email, name, hash })
        await join(tx, id, invitation, now)
        const signIn = { before: browser, after: after.browser, transaction: undefined, authTime: now, now }
        await startSession(tx, { ...signIn, ...placeOf(request, 'password'), personId: id })
        return id
      })
      after.give(reply)
      request.log.info({ person: personId }, 'an invitation was taken')
      return sendAway(reply, '/')
    },
  })
}

/** @throws PageFault when the link is no good */
async function look(tx: Tx, link: string, browser: Browser, nowMs: number): Promise<Behind> {
  const about = await link_get(tx, sha256(link), 'invitation', new Date(nowMs))
  return behindOf(tx, about?.invitationId ?? undefined, browser, nowMs)
}

/** The same, and the link is used up. @throws PageFault when it was, or the person who is signed in is another by now */
async function take(tx: Tx, link: string, browser: Browser, now: Date): Promise<Behind> {
  const used = await link_use(tx, sha256(link), 'invitation', now)
  const behind = await behindOf(tx, used?.invitationId ?? undefined, browser, now.getTime())
  if (behind.step !== 'join' && behind.step !== 'account') throw new PageFault('link.over')
  if (!(await invitation_accept(tx, behind.invitation.id, now))) throw new PageFault('link.over')
  return behind
}

async function behindOf(tx: Tx, id: string | undefined, browser: Browser, nowMs: number): Promise<Behind> {
  const invitation = id === undefined ? undefined : await invitation_lock(tx, id, new Date(nowMs))
  if (invitation === undefined) throw new PageFault('link.over')
  const found = await person_get_by_email(tx, invitation.email)
  if (found !== undefined && found.deactivatedAt !== null) throw new PageFault('account.deactivated')
  const session = await findSession(tx, browser.hash, nowMs)
  const signsIn =
    found !== undefined &&
    (found.passwordHash !== null || (await upstream_identity_list_of_person(tx, found.id)).length > 0)
  return { invitation, personId: found?.id, step: stepOf(signsIn ? found.id : undefined, session) }
}

/** @param account whose address it is, if they can sign in */
function stepOf(account: string | undefined, session: Session | undefined): Behind['step'] {
  if (session !== undefined) return session.personId === account ? 'join' : 'switch'
  return account === undefined ? 'account' : 'sign-in'
}

/** The account of who comes: a new one, or the one that an operator made and that nobody could sign in to. */
async function settle(
  tx: Tx,
  known: string | undefined,
  { email, name, hash }: { readonly email: string; readonly name: string; readonly hash: string },
): Promise<string> {
  if (known === undefined) {
    const id = newId('person')
    // Two at once for one address: the second finds it taken.
    if (!(await person_insert(tx, { id, email, name, passwordHash: hash }))) throw new PageFault('link.over')
    return id
  }
  const held = await account_lock(tx, known)
  if (held === undefined || held.passwordHash !== null) throw new PageFault('link.over')
  await account_rename(tx, known, name)
  await person_update_password(tx, known, hash)
  return known
}

async function join(tx: Tx, personId: string, { id, tenantId, role }: WaitingInvitation, now: Date): Promise<void> {
  await membership_insert(tx, { personId, tenantId, role })
  await appendAdministered(tx, { action: 'member.join', tenantId, by: personId, object: ['invitation', id], now })
}
