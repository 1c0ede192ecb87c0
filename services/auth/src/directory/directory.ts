import type { Clock, DirectoryInput, DirectoryPort, MemberFacts, RoleChange } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import { changeRole } from '../accounts/members.ts'
import { appendAdministered } from '../audit/by-person.ts'
import { account_lock, member_get } from '../people/people.store.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { type DirectoryMember, member_list } from './directory.store.ts'
import { judgeRoleChange } from './judge-role-change.ts'

interface DirectoryDeps {
  readonly db: Database
  readonly profile: Profile
  readonly clock: Clock
}

/** Answers from the tables of this moment; each operation sees one organisation. */
export function createDirectory(deps: DirectoryDeps): DirectoryPort {
  const { db, profile } = deps
  const facts = ({ id, email, name, role }: DirectoryMember): MemberFacts => ({
    id,
    email,
    name,
    role,
    permissions: Object.hasOwn(profile.roles, role) ? (profile.roles[role] ?? []) : [],
  })
  return {
    organisation: ({ tenant }) =>
      db.asTenant(tenant, async (tx) => {
        const found = await tenant_get(tx, tenant)
        if (found === undefined) return { organisation: null }
        const { id, slug, name, plan } = found
        return { organisation: { id, slug, name, plan } }
      }),
    member: ({ tenant, person }) =>
      db.asTenant(tenant, async (tx) => {
        const found = await member_get(tx, person, tenant)
        return { member: found === undefined ? null : facts(found) }
      }),
    members: ({ tenant, ...page }) =>
      db.asTenant(tenant, async (tx) => ({ members: (await member_list(tx, tenant, page)).map(facts) })),
    changeRole: async (asked) => ({
      change: await db.asPlatform('role change', (tx) => change(tx, asked, deps)),
    }),
  }
}

/** The new role, that tokens with the old one are no good, and that it was done: one transaction. */
async function change(tx: Tx, asked: DirectoryInput<'changeRole'>, deps: DirectoryDeps): Promise<RoleChange> {
  const { tenant, actor, person, role } = asked
  // Both, in one order: nobody loses the right to do this between the judgement and the change.
  for (const id of [...new Set([actor.person, person])].sort()) await account_lock(tx, id)
  const own = (await member_get(tx, actor.person, tenant))?.role
  const member = (await member_get(tx, person, tenant))?.role
  const verdict = judgeRoleChange({ own, member, to: role }, deps.profile)
  if (verdict !== undefined) return verdict
  const changed = await changeRole(tx, person, tenant, role)
  if (changed.kind !== 'done') return { kind: 'refused', why: 'owner.last', roles: [] }
  const now = new Date(deps.clock.now())
  const object = ['person', person] as const
  await appendAdministered(tx, { action: 'member.role', tenantId: tenant, by: actor.person, object, now })
  return { kind: 'changed', from: member ?? '', to: role }
}
