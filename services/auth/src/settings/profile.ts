import { type ProfileView, profilePage, signedOutPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { deletePerson, type MemberChange, removeMember } from '../accounts/members.ts'
import { appendAdministered } from '../audit/by-person.ts'
import { sendAway } from '../authorize/answer.ts'
import { Refusal } from '../errors.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { type Params, readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { brandOf, PageFault } from '../http/pages.ts'
import { forPage, type SignedInDeps, surroundings, type Who } from '../interaction/signed-in.ts'
import type { Passwords } from '../people/passwords.ts'
import { account_get, account_lock, account_rename, membership_list_of_person } from '../people/people.store.ts'
import { requireRecent } from '../upstream/recent.ts'
import { pathOf } from './access.ts'
import { readName } from './fields.ts'

export interface ProfilePageDeps extends SignedInDeps {
  readonly passwords: Passwords
  readonly limiter: Limiter
}

type Reply = Parameters<Handler>[1]

/** As many as at the change of the password: both tell whether a guess was right. */
const TRIES = { limit: 10, windowMs: 60_000 }
const LAST_OWNER = 'You are the only owner of an organisation. Make another of its members an owner first.'

/** Who a person is here: their name, where they belong, and the way out for good. */
export function profileRoutes(server: FastifyInstance, deps: ProfilePageDeps): void {
  const { profile, db, clock, browsers, pages, passwords, limiter } = deps
  const path = pathOf('profile', profile)
  const form = (name: string, post: (who: Who, given: Params, reply: Reply) => Promise<unknown>) =>
    addEndpoint(server, {
      path: `${path}/${name}`,
      bodyLimit: 8 * 1024,
      get: async (_request, reply) => sendAway(reply, path),
      post: forPage('profile', deps, async (who, request, reply) => {
        const given = readForm(request)
        browsers.requireOwnForm(request, given.get('csrf'))
        return post(who, given, reply)
      }),
    })
  addEndpoint(server, { path, get: forPage('profile', deps, (who, _request, reply) => show(who, reply, deps)) })

  form('name', async (who, given, reply) => {
    const name = readName(given.get('name'))
    if (name === undefined) {
      return show(who, reply, deps, { status: 400, faults: { name: 'Use 1 to 100 plain characters.' } })
    }
    const { personId } = who.session
    await db.asPlatform('profile', async (tx) => {
      await account_lock(tx, personId)
      await account_rename(tx, personId, name)
      const now = new Date(clock.now())
      await appendAdministered(tx, { action: 'person.rename', by: personId, object: ['person', personId], now })
    })
    return show({ ...who, session: { ...who.session, name } }, reply, deps, { done: 'Your name is changed.' })
  })

  form('leave', async (who, given, reply) => {
    const { personId } = who.session
    const tenantId = given.get('tenant') ?? ''
    const now = new Date(clock.now())
    const left = await db.asPlatform('members', async (tx): Promise<MemberChange> => {
      const result = await removeMember(tx, personId, tenantId, now)
      if (result.kind === 'done') {
        const object = ['person', personId] as const
        await appendAdministered(tx, { action: 'member.leave', tenantId, by: personId, object, now })
      }
      return result
    })
    if (left.kind === 'unknown') throw new PageFault('thing.unknown')
    if (left.kind === 'owner.last') return show(who, reply, deps, { status: 409, problem: LAST_OWNER })
    return sendAway(reply, path)
  })

  form('delete', async (who, given, reply) => {
    const { personId, authTime } = who.session
    const account = await db.asPlatform('profile', (tx) => account_get(tx, personId))
    const stored = account?.passwordHash ?? undefined
    if (stored === undefined) requireRecent(authTime, clock)
    else {
      const wait = await limiter.count(`password:${personId}`, TRIES)
      if (wait !== undefined) throw new Refusal('rate.exceeded', { retryAfterSeconds: wait })
      const password = given.get('password') ?? ''
      if (password.length > 1_024 || !(await passwords.verify(stored, password))) {
        return show(who, reply, deps, { status: 403, faults: { password: 'That is not your password.' } })
      }
    }
    const now = new Date(clock.now())
    const deleted = await db.asPlatform('profile', async (tx): Promise<MemberChange> => {
      const result = await deletePerson(tx, personId, now)
      if (result.kind === 'done') {
        await appendAdministered(tx, { action: 'person.delete', by: personId, object: ['person', personId], now })
      }
      return result
    })
    if (deleted.kind === 'owner.last') return show(who, reply, deps, { status: 409, problem: LAST_OWNER })
    browsers.renew(reply)
    return pages.send(reply, signedOutPage({ brand: brandOf(profile), everywhere: true, applications: true }))
  })
}

type Shown = Pick<ProfileView, 'done' | 'problem' | 'faults'> & { readonly status?: number }

async function show(who: Who, reply: Reply, deps: ProfilePageDeps, { status, ...shown }: Shown = {}) {
  const { profile, db, pages } = deps
  const { personId } = who.session
  const { account, memberships } = await db.asPlatform('page', async (tx) => ({
    account: await account_get(tx, personId),
    memberships: await membership_list_of_person(tx, personId),
  }))
  if (account === undefined) throw new PageFault('thing.unknown')
  const markup = profilePage({
    ...surroundings(who, 'profile', profile),
    ...shown,
    csrf: who.browser.csrf,
    action: pathOf('profile', profile),
    name: account.name,
    email: account.email,
    createdAt: account.createdAt,
    memberships: memberships.map(({ tenantId, tenantName, role }) => ({ tenantId, name: tenantName, role })),
    hasPassword: account.passwordHash !== null,
  })
  return pages.send(reply, markup, { status: status ?? 200 })
}
