import { sql, type Tx } from '@gatehouse/database'

export interface Person {
  readonly id: string
  readonly email: string
  readonly name: string
}

export interface Membership {
  readonly tenantId: string
  readonly tenantName: string
  readonly role: string
}

export const person_get_by_email = (tx: Tx, email: string) =>
  tx.maybe<Person & { readonly passwordHash: string | null }>(sql`
    select id, email, name, password_hash as "passwordHash" from auth.people where lower(email) = lower(${email})`)

export const person_get = (tx: Tx, id: string) =>
  tx.maybe<Person>(sql`select id, email, name from auth.people where id = ${id}`)

/** Nothing when the email is taken. */
export const person_insert = (tx: Tx, person: Person & { readonly passwordHash: string }) =>
  tx.run(sql`
    insert into auth.people (id, email, name, password_hash)
    values (${person.id}, ${person.email}, ${person.name}, ${person.passwordHash}) on conflict do nothing`)

export const person_update_password = (tx: Tx, id: string, passwordHash: string) =>
  tx.run(sql`update auth.people set password_hash = ${passwordHash} where id = ${id}`)

/** The organisation that the person has selected: their choice while they belong to it, else their first. */
export const membership_selected = (tx: Tx, personId: string) =>
  tx.maybe<Membership>(sql`
    select t.id as "tenantId", t.name as "tenantName", m.role
    from auth.memberships m join auth.tenants t on t.id = m.tenant_id join auth.people p on p.id = m.person_id
    where m.person_id = ${personId}
    order by (p.tenant_id is not distinct from m.tenant_id) desc, m.created_at, t.slug limit 1`)

export const membership_get = (tx: Tx, personId: string, tenantId: string) =>
  tx.maybe<{ readonly role: string }>(
    sql`select role from auth.memberships where person_id = ${personId} and tenant_id = ${tenantId}`,
  )

export const membership_upsert = (
  tx: Tx,
  of: { readonly personId: string; readonly tenantId: string; readonly role: string },
) =>
  tx.run(sql`
    insert into auth.memberships (tenant_id, person_id, role) values (${of.tenantId}, ${of.personId}, ${of.role})
    on conflict (tenant_id, person_id) do update set role = excluded.role where memberships.role <> excluded.role`)

/** The people of a tenant; run it as that tenant. */
export const person_list_of_tenant = (tx: Tx, tenantId: string) =>
  tx.rows<Person & { readonly role: string }>(sql`
    select p.id, p.email, p.name, m.role from auth.people p join auth.memberships m on m.person_id = p.id
    where m.tenant_id = ${tenantId} order by lower(p.email)`)
