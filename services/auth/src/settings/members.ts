import type { Tx } from '@gatehouse/database'
import { displayName, type Members, membersPage } from '@gatehouse/pages'
import type { FastifyInstance } from 'fastify'
import { type InviteDeps, invite } from '../accounts/invite.ts'
import { mayGive, rolesToGive } from '../accounts/judge-member.ts'
import { invitation_delete_of_tenant, invitation_lock } from '../accounts/links.store.ts'
import { changeRole, type MemberChange, removeMember } from '../accounts/members.ts'
import { appendAdministered } from '../audit/by-person.ts'
import { sendAway } from '../authorize/answer.ts'
import { addEndpoint, type Handler } from '../http/endpoint.ts'
import { type Params, readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import { PageFault } from '../http/pages.ts'
import { forPage, type SignedInDeps, surroundings, tenantOf, type Who } from '../interaction/signed-in.ts'
import { account_lock, membership_get, person_list_of_tenant } from '../people/people.store.ts'
import { invitation_list_waiting } from '../upstream/offers.store.ts'
import { pathOf, permits } from './access.ts'
import { readEmail } from './fields.ts'

export interface MemberPageDeps extends SignedInDeps, InviteDeps {
  readonly limiter: Limiter
}

type Reply = Parameters<Handler>[1]

/** Letters that one organisation may have sent to strangers. */
const INVITATIONS = { limit: 60, windowMs: 3_600_000 }
const UNSENT = 'The invitation is made, but no mail could be sent. Ask the operator of this service for the link.'
const LAST_OWNER = 'That is the only owner of the organisation. Make somebody else an owner first.'

/** Where an organisation's people are invited, given roles, and removed. */
export function memberRoutes(server: FastifyInstance, deps: MemberPageDeps): void {
  const { profile, db, clock, browsers, limiter } = deps
  const path = pathOf('members', profile)
  const form = (name: string, post: (who: Who, given: Params, reply: Reply) => Promise<unknown>) =>
    addEndpoint(server, {
      path: `${path}/${name}`,
      bodyLimit: 8 * 1024,
      get: async (_request, reply) => sendAway(reply, path),
      post: forPage('members', deps, async (who, request, reply) => {
        const given = readForm(request)
        browsers.requireOwnForm(request, given.get('csrf'))
        return post(who, given, reply)
      }),
    })
  addEndpoint(server, { path, get: forPage('members', deps, (who, _request, reply) => show(who, reply, deps)) })

  /** Runs a change of a member whose role the person may take away. */
  const change = (
    who: Who,
    personId: string,
    next: string | undefined,
    run: (tx: Parameters<typeof changeRole>[0], tenantId: string, now: Date) => Promise<MemberChange>,
  ) =>
    db.asPlatform('members', async (tx): Promise<MemberChange> => {
      const { tenantId } = tenantOf(who)
      const now = new Date(clock.now())
      // Both, in one order: nobody loses the right to do this between the judgement and the change.
      for (const id of [...new Set([who.session.personId, personId])].sort()) await account_lock(tx, id)
      const [own, member] = [
        await membership_get(tx, who.session.personId, tenantId),
        await membership_get(tx, personId, tenantId),
      ]
      if (own === undefined || member === undefined) return { kind: 'unknown' }
      if (!permits(profile, own.role, 'members')) throw new PageFault('permission.missing')
      const allowed = [member.role, ...(next === undefined ? [] : [next])].every((role) =>
        mayGive(own.role, role, profile.roles),
      )
      if (!allowed) throw new PageFault('role.above')
      const changed = await run(tx, tenantId, now)
      const action = next === undefined ? 'member.remove' : 'member.role'
      if (changed.kind === 'done') {
        await appendAdministered(tx, { action, tenantId, by: who.session.personId, object: ['person', personId], now })
      }
      return changed
    })

  /** Nobody invites to a role, or takes an invitation to one back, that they could not give to a member now. */
  const judgeInviter = async (tx: Tx, who: Who, roles: readonly string[]): Promise<void> => {
    const own = await membership_get(tx, who.session.personId, tenantOf(who).tenantId)
    if (own === undefined || !permits(profile, own.role, 'members')) throw new PageFault('permission.missing')
    if (!roles.every((role) => mayGive(own.role, role, profile.roles))) throw new PageFault('role.above')
  }

  form('role', async (who, given, reply) => {
    const [person, role] = [given.get('person') ?? '', given.get('role') ?? '']
    if (!Object.hasOwn(profile.roles, role)) throw new PageFault('request.malformed')
    const changed = await change(who, person, role, (tx, tenantId) => changeRole(tx, person, tenantId, role))
    return answer(changed, who, reply, 'The role is changed.')
  })

  form('remove', async (who, given, reply) => {
    const person = given.get('person') ?? ''
    const changed = await change(who, person, undefined, (tx, tenantId, now) => removeMember(tx, person, tenantId, now))
    if (changed.kind === 'done' && person === who.session.personId) return sendAway(reply, '/')
    return answer(changed, who, reply, 'They no longer belong to the organisation.')
  })

  form('invite', async (who, given, reply) => {
    const { tenantId, role: own } = tenantOf(who)
    const [email, role] = [readEmail(given.get('email')), given.get('role') ?? '']
    if (!rolesToGive(own, profile.roles).includes(role)) throw new PageFault('role.above')
    if (email === undefined) {
      const draft = { email: given.get('email') ?? '', fault: 'That is not an email address.' }
      return show(who, reply, deps, { status: 400, draft })
    }
    await limiter.need(`invite:${tenantId}`, INVITATIONS)
    const people = await db.asTenant(tenantId, (tx) => person_list_of_tenant(tx, tenantId))
    if (people.some((person) => person.email.toLowerCase() === email.toLowerCase())) {
      return show(who, reply, deps, { status: 409, draft: { email, fault: 'That address belongs to a member.' } })
    }
    const judge = (tx: Tx, waiting: string | undefined) =>
      judgeInviter(tx, who, waiting === undefined ? [role] : [role, waiting])
    const { sent } = await invite({ tenantId, email, role, by: who.session.personId, send: true, judge }, deps)
    if (!sent) return show(who, reply, deps, { problem: UNSENT })
    return show(who, reply, deps, { done: `An invitation is on its way to ${displayName(email, 100)}.` })
  })

  form('uninvite', async (who, given, reply) => {
    const { tenantId } = tenantOf(who)
    const invitation = given.get('invitation') ?? ''
    const now = new Date(clock.now())
    const removed = await db.asPlatform('members', async (tx) => {
      const waiting = await invitation_lock(tx, invitation, now)
      if (waiting?.tenantId === tenantId) await judgeInviter(tx, who, [waiting.role])
      if (!(await invitation_delete_of_tenant(tx, invitation, tenantId))) return false
      const by = who.session.personId
      await appendAdministered(tx, { action: 'member.uninvite', tenantId, by, object: ['invitation', invitation], now })
      return true
    })
    if (!removed) throw new PageFault('thing.unknown')
    return show(who, reply, deps, { done: 'The invitation is taken back.' })
  })

  function answer(changed: MemberChange, who: Who, reply: Reply, done: string) {
    if (changed.kind === 'unknown') throw new PageFault('thing.unknown')
    if (changed.kind === 'owner.last') return show(who, reply, deps, { status: 409, problem: LAST_OWNER })
    return show(who, reply, deps, { done })
  }
}

type Shown = Pick<Members, 'done' | 'problem' | 'draft'> & { readonly status?: number }

async function show(who: Who, reply: Reply, deps: MemberPageDeps, { status, ...shown }: Shown = {}) {
  const { profile, db, clock, pages } = deps
  const { tenantId, tenantName } = tenantOf(who)
  const { people, invitations } = await db.asTenant(tenantId, async (tx) => ({
    people: await person_list_of_tenant(tx, tenantId),
    invitations: await invitation_list_waiting(tx, tenantId, new Date(clock.now())),
  }))
  // As it is by now: the change that is answered may have been one of their own role.
  const own = people.find(({ id }) => id === who.session.personId)?.role ?? ''
  const given = rolesToGive(own, profile.roles)
  const markup = membersPage({
    ...surroundings(who, 'members', profile),
    ...shown,
    csrf: who.browser.csrf,
    tenant: { name: tenantName },
    action: pathOf('members', profile),
    members: people.map((person) => ({
      ...person,
      self: person.id === who.session.personId,
      roles: given.includes(person.role) ? given : [],
    })),
    invitations: invitations.map((one) => ({ ...one, removable: given.includes(one.role) })),
    roles: given,
  })
  return pages.send(reply, markup, { status: status ?? 200 })
}
