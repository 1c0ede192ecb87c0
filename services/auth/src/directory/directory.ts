import type { Clock, DirectoryInput, DirectoryPort, MemberFacts, RoleChange } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { Profile } from '@gatehouse/profiles'
import { appendAudited } from '../audit/append.ts'
import { appendRevoked } from '../feed/append.ts'
import { account_lock, member_get, membership_upsert } from '../people/people.store.ts'
import { tenant_get } from '../tenants/tenants.store.ts'
import { type DirectoryMember, member_list, role_count, tenant_lock_roles } from './directory.store.ts'
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
      change: await db.asPlatform('role change', (tx) => changeRole(tx, asked, deps)),
    }),
  }
}

/** The new role, that tokens with the old one are no good, and that it was done: one transaction. */
async function changeRole(tx: Tx, asked: DirectoryInput<'changeRole'>, deps: DirectoryDeps): Promise<RoleChange> {
  const { tenant, actor, person, role } = asked
  await tenant_lock_roles(tx, tenant)
  await account_lock(tx, person)
  const counts = await role_count(tx, tenant)
  const change = judgeRoleChange({
    roles: deps.profile.roles,
    actor: (await member_get(tx, actor.person, tenant))?.role,
    member: (await member_get(tx, person, tenant))?.role,
    to: role,
    all: counts.flatMap(({ role, count }) => Array.from({ length: Math.min(count, 2) }, () => role)),
  })
  if (change.kind !== 'changed') return change
  await membership_upsert(tx, { personId: person, tenantId: tenant, role })
  await appendRevoked(tx, tenant, { kind: 'membership', person, tenant, reason: 'role.changed' })
  await appendAudited(tx, 'roleChanged', {
    tenant,
    actor: { kind: 'person', id: actor.person, ...(actor.client === undefined ? {} : { client: actor.client }) },
    outcome: 'succeeded',
    object: { kind: 'person', id: person },
    now: new Date(deps.clock.now()),
  })
  return change
}
