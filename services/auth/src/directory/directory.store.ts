import { sql, type Tx } from '@gatehouse/database'

export interface DirectoryMember {
  readonly id: string
  readonly email: string
  readonly name: string
  readonly role: string
}

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
