import { sql, type Tx } from '@gatehouse/database'

export interface DirectoryMember {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
}

/** Roles of one organisation change one after the other: each is judged by what is so then. */
export const tenant_lock_roles = (tx: Tx, tenantId: string) =>
  tx.maybe(sql`select id from auth.tenants where id = ${tenantId} for no key update`)

/** How many members who can sign in have each role. */
export const role_count = (tx: Tx, tenantId: string) =>
  tx.rows<{ readonly role: string; readonly count: number }>(sql`
    select m.role, count(*)::int as count from auth.memberships m join auth.people p on p.id = m.person_id
    where m.tenant_id = ${tenantId} and p.deactivated_at is null group by m.role`)

/** People of a tenant who can sign in, by email. */
export const member_list = (
  tx: Tx,
  tenantId: string,
  of: {
    readonly after?: string | undefined
    readonly role?: string | undefined
    readonly like?: string | undefined
    readonly limit: number
  },
) =>
  tx.rows<DirectoryMember>(sql`
    select p.id, p.email, p.name, m.role from auth.memberships m join auth.people p on p.id = m.person_id
    where m.tenant_id = ${tenantId} and p.deactivated_at is null
      and (${of.after ?? null}::text is null or lower(p.email) > lower(${of.after ?? null}))
      and (${of.role ?? null}::text is null or m.role = ${of.role ?? null})
      and (${of.like ?? null}::text is null or position(lower(${of.like ?? null}) in lower(p.name)) > 0
        or position(lower(${of.like ?? null}) in lower(p.email)) > 0)
    order by lower(p.email) limit ${of.limit}`)
