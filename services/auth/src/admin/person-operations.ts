import type { Profile } from '@gatehouse/profiles'
import { z } from 'zod'
import { hasLeft } from '../accounts/invite.ts'
import { makePasswordLink } from '../accounts/links.ts'
import { changeRole, deletePerson, type MemberChange, removeMember } from '../accounts/members.ts'
import { renewKeysOf } from '../api-keys/api-keys.ts'
import { Refusal } from '../errors.ts'
import { passwordLetter } from '../mail/letters.ts'
import { endAllAccess } from '../people/end-access.ts'
import {
  account_deactivate,
  account_get,
  account_lock,
  account_rename,
  membership_insert,
  membership_list_of_person,
  person_get_by_email,
  person_insert,
  person_list_of_tenant,
} from '../people/people.store.ts'
import { newId } from '../secrets.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { upstream_identity_list_of_person } from '../upstream/identities.store.ts'
import { email, id, subjectToken, text, time } from './fields.ts'
import { type AdminDeps, defineOperation, type Operation } from './operation.ts'

const member = z.object({ id, email: z.string(), name: z.string(), role: z.string() })
const account = z.object({
  id,
  email: z.string(),
  name: z.string(),
  status: z.enum(['active', 'deactivated']),
  password: z.boolean().describe('Whether they can sign in here with one.'),
  createdAt: time,
  memberships: z.array(z.object({ tenant: id, name: z.string(), role: z.string() })),
  identities: z.array(z.object({ issuer: z.string(), subject: z.string(), email: z.string(), usedAt: time })),
})

/** @throws Refusal */
export function requireRole(role: string, profile: Profile): void {
  if (!Object.hasOwn(profile.roles, role)) throw new Refusal('request.malformed', { text: `There is no role ${role}.` })
}

/** @throws Refusal */
function settled(change: MemberChange): MemberChange & { readonly kind: 'done' } {
  if (change.kind === 'done') return change
  throw new Refusal(change.kind === 'unknown' ? 'thing.unknown' : 'owner.last')
}

const describeAccount = (personId: string, { db }: Pick<AdminDeps, 'db'>): Promise<z.input<typeof account>> =>
  db.asPlatform('admin', async (tx) => {
    const found = await account_get(tx, personId)
    if (found === undefined) throw new Refusal('thing.unknown')
    const memberships = await membership_list_of_person(tx, personId)
    const identities = await upstream_identity_list_of_person(tx, personId)
    return {
      id: found.id,
      email: found.email,
      name: found.name,
      status: found.deactivatedAt === null ? 'active' : 'deactivated',
      password: found.passwordHash !== null,
      createdAt: found.createdAt.toISOString(),
      memberships: memberships.map(({ tenantId, tenantName, role }) => ({ tenant: tenantId, name: tenantName, role })),
      identities: identities.map(({ issuer, subject, email, usedAt }) => ({
        issuer,
        subject,
        email,
        usedAt: usedAt.toISOString(),
      })),
    }
  })

export const PERSON_OPERATIONS: readonly Operation[] = [
  defineOperation({
    method: 'GET',
    path: '/tenants/{tenant}/people',
    summary: 'List the people of a tenant',
    input: z.object({ tenant: id }),
    output: z.object({ people: z.array(member) }),
    run: ({ tenant }, { db }) =>
      db.asTenant(subjectToken(tenant), async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        return { people: await person_list_of_tenant(tx, tenant) }
      }),
  }),
  defineOperation({
    method: 'POST',
    path: '/tenants/{tenant}/people',
    summary: 'Add somebody to a tenant; an account is made for an email that has none, without a password',
    input: z.object({ tenant: id, email, name: text(100).optional(), role: text(60) }),
    output: member.extend({ created: z.boolean().describe('Whether the account is new.') }),
    run: async ({ tenant, email, name = email, role }, { db, profile }) => {
      requireRole(role, profile)
      return db.asPlatform('admin', async (tx) => {
        if ((await tenant_get(tx, tenant)) === undefined) throw new Refusal('thing.unknown')
        const created = await person_insert(tx, { id: newId('person'), email, name, passwordHash: null })
        const person = await person_get_by_email(tx, email)
        if (person === undefined) throw new Refusal('thing.unknown')
        await membership_insert(tx, { personId: person.id, tenantId: tenant, role })
        const joined = (await membership_list_of_person(tx, person.id)).find(({ tenantId }) => tenantId === tenant)
        return { id: person.id, email: person.email, name: person.name, role: joined?.role ?? role, created }
      })
    },
  }),
  defineOperation({
    method: 'PATCH',
    path: '/tenants/{tenant}/people/{person}',
    summary: 'Give a member another role; tokens that name the old one are refused within a second',
    input: z.object({ tenant: id, person: id, role: text(60) }),
    output: z.object({ id, role: z.string() }),
    run: async ({ tenant, person, role }, { db, profile }) => {
      requireRole(role, profile)
      settled(await db.asPlatform('admin', (tx) => changeRole(tx, person, tenant, role)))
      return { id: person, role }
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/tenants/{tenant}/people/{person}',
    summary: 'Take somebody out of a tenant: what they allowed there ends, and their tokens for it',
    input: z.object({ tenant: id, person: id }),
    output: z.object({ removed: z.literal(true), grants: z.number().int().describe('How many grants ended.') }),
    run: async ({ tenant, person }, { db, clock }) => {
      const now = new Date(clock.now())
      const { grants } = settled(await db.asPlatform('admin', (tx) => removeMember(tx, person, tenant, now)))
      return { removed: true as const, grants }
    },
  }),
  defineOperation({
    method: 'GET',
    path: '/people',
    summary: 'Find the account of an email address',
    input: z.object({ email }),
    output: z.object({ people: z.array(account) }),
    run: async ({ email }, deps) => {
      const found = await deps.db.asPlatform('admin', (tx) => person_get_by_email(tx, email))
      return { people: found === undefined ? [] : [await describeAccount(found.id, deps)] }
    },
  }),
  defineOperation({
    method: 'GET',
    path: '/people/{person}',
    summary: 'Show an account: where it belongs and how its person signs in',
    input: z.object({ person: id }),
    output: account,
    run: ({ person }, deps) => describeAccount(person, deps),
  }),
  defineOperation({
    method: 'PATCH',
    path: '/people/{person}',
    summary: 'Rename an account, deactivate it (sessions, grants and tokens end) or activate it',
    input: z.object({ person: id, name: text(100).optional(), status: z.enum(['active', 'deactivated']).optional() }),
    output: account,
    run: async ({ person, name, status }, deps) => {
      await deps.db.asPlatform('admin', async (tx) => {
        const found = await account_lock(tx, person)
        if (found === undefined) throw new Refusal('thing.unknown')
        if (name !== undefined) await account_rename(tx, person, name)
        if (status === undefined || (status === 'active') === (found.deactivatedAt === null)) return
        const now = new Date(deps.clock.now())
        await account_deactivate(tx, person, status === 'active' ? null : now)
        if (status === 'deactivated') await endAllAccess(tx, person, 'person.deactivated', now)
        else await renewKeysOf(tx, person)
      })
      return describeAccount(person, deps)
    },
  }),
  defineOperation({
    method: 'POST',
    path: '/people/{person}/password-link',
    summary: 'Make a link by which a person sets a password, once, within an hour',
    input: z.object({
      person: id,
      send: z.boolean().default(false).describe('Whether the link is mailed to the person.'),
    }),
    output: z.object({
      link: z.string().describe('As good as the password. It is shown this once.'),
      expiresAt: time,
      sent: z.boolean().describe('Whether a mail has left.'),
    }),
    run: async ({ person, send }, { db, clock, publicUrl, profile, mailer, log }) => {
      const { to, link } = await db.asPlatform('admin', async (tx) => {
        const found = await account_get(tx, person)
        if (found === undefined || found.deactivatedAt !== null) throw new Refusal('thing.unknown')
        return { to: found.email, link: await makePasswordLink(tx, publicUrl, person, new Date(clock.now())) }
      })
      const letter = passwordLetter({ to, link, brand: profile.branding.name })
      const sent = send && (await hasLeft(() => mailer.send(letter), log))
      return { link: link.url, expiresAt: link.expiresAt.toISOString(), sent }
    },
  }),
  defineOperation({
    method: 'DELETE',
    path: '/people/{person}',
    summary: 'Delete an account: everything that names the person goes, and nothing they held is good any more',
    input: z.object({ person: id }),
    output: z.object({ deleted: z.literal(true) }),
    run: async ({ person }, { db, clock }) => {
      settled(await db.asPlatform('admin', (tx) => deletePerson(tx, person, new Date(clock.now()))))
      return { deleted: true as const }
    },
  }),
]
