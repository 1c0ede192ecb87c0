import { sql, type Tx } from '@gatehouse/database'

/** Of every profile that has it: the role that an organisation cannot be without. */
export const OWNER = 'owner'

/** Holds a tenant against all others who change who owns it; grants and sessions of its people go on meanwhile. */
export const tenant_hold_owners = async (tx: Tx, tenantId: string): Promise<boolean> =>
  (await tx.maybe(sql`select id from auth.tenants where id = ${tenantId} for no key update`)) !== undefined

/** Who else is there, as far as they can sign in. Part of a transaction that holds the tenant's owners. */
export const others_count = (tx: Tx, tenantId: string, personId: string) =>
  tx.one<{ readonly owners: number; readonly members: number }>(sql`
    select count(*) filter (where m.role = ${OWNER})::integer as owners, count(*)::integer as members
    from auth.memberships m join auth.people p on p.id = m.person_id
    where m.tenant_id = ${tenantId} and m.person_id <> ${personId} and p.deactivated_at is null`)

/** Where a person is an owner, in the order in which tenants are held. */
export const tenant_list_owned = (tx: Tx, personId: string) =>
  tx.rows<{ readonly tenantId: string; readonly tenantName: string }>(sql`
    select t.id as "tenantId", t.name as "tenantName" from auth.memberships m join auth.tenants t on t.id = m.tenant_id
    where m.person_id = ${personId} and m.role = ${OWNER} order by t.id`)

export interface OwnerContact {
  readonly name: string
  readonly email: string
}

/** Whom members can ask. */
export const owner_list = (tx: Tx, tenantId: string) =>
  tx.rows<OwnerContact>(sql`
    select p.name, p.email from auth.memberships m join auth.people p on p.id = m.person_id
    where m.tenant_id = ${tenantId} and m.role = ${OWNER} and p.deactivated_at is null order by m.created_at, p.id limit 3`)
