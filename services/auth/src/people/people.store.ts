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
  tx.maybe<Person & { readonly passwordHash: string | null; readonly deactivatedAt: Date | null }>(sql`
    select id, email, name, password_hash as "passwordHash", deactivated_at as "deactivatedAt"
    from auth.people where lower(email) = lower(${email})`)

/** A person whose account can be used. */
export const person_get = (tx: Tx, id: string) =>
  tx.maybe<Person>(sql`select id, email, name from auth.people where id = ${id} and deactivated_at is null`)

/** @returns whether it was made; it is not when the email is taken */
export const person_insert = async (
  tx: Tx,
  person: Person & { readonly passwordHash: string | null },
): Promise<boolean> =>
  (await tx.maybe(sql`
    insert into auth.people (id, email, name, password_hash)
    values (${person.id}, ${person.email}, ${person.name}, ${person.passwordHash}) on conflict do nothing returning id`)) !==
  undefined

export const person_update_password = (tx: Tx, id: string, passwordHash: string) =>
  tx.run(sql`update auth.people set password_hash = ${passwordHash} where id = ${id}`)

/** Of two that change it at once, the one whose `from` is still there. @returns whether that was this one */
export const person_replace_password = async (tx: Tx, id: string, from: string, to: string): Promise<boolean> =>
  (await tx.maybe(
    sql`update auth.people set password_hash = ${to} where id = ${id} and password_hash = ${from} returning id`,
  )) !== undefined

export interface SelectedMembership extends Membership {
  readonly plan: string
  readonly status: 'active' | 'suspended'
}

/**
 * The organisation that the person has selected: their choice while they belong to it, else their first.
 * @param only the organisation whose host it is, if it is one's: no other can be
 */
export const membership_selected = (tx: Tx, personId: string, only?: string) =>
  tx.maybe<SelectedMembership>(sql`
    select t.id as "tenantId", t.name as "tenantName", m.role, t.plan, t.status
    from auth.memberships m join auth.tenants t on t.id = m.tenant_id join auth.people p on p.id = m.person_id
    where m.person_id = ${personId} and (${only ?? null}::text is null or m.tenant_id = ${only ?? null})
    order by (p.tenant_id is not distinct from m.tenant_id) desc, m.created_at, t.slug limit 1`)

export interface Member extends Person {
  readonly role: string
  /** As which the change that gave the role is dated where it is told; null: it never changed. */
  readonly roleSince: Date | null
}

/** A person whose account can be used and who belongs to the tenant. */
export const member_get = (tx: Tx, personId: string, tenantId: string) =>
  tx.maybe<Member>(sql`
    select p.id, p.email, p.name, m.role, m.role_since as "roleSince"
    from auth.people p join auth.memberships m on m.person_id = p.id
    where p.id = ${personId} and m.tenant_id = ${tenantId} and p.deactivated_at is null`)

/** The same in the organisation that the person has selected. */
export const member_get_selected = (tx: Tx, personId: string) =>
  tx.maybe<Member & { readonly tenantId: string }>(sql`
    select p.id, p.email, p.name, m.role, m.role_since as "roleSince", m.tenant_id as "tenantId"
    from auth.people p join auth.memberships m on m.person_id = p.id join auth.tenants t on t.id = m.tenant_id
    where p.id = ${personId} and p.deactivated_at is null
    order by (p.tenant_id is not distinct from m.tenant_id) desc, m.created_at, t.slug limit 1`)

/** People who selected another organisation since, when their tokens could still be alive. */
export const person_list_switched_since = (tx: Tx, since: Date) =>
  tx.rows<{
    readonly personId: string
    readonly tenantId: string
    readonly role: string
    readonly switchedAt: Date
  }>(sql`
    select p.id as "personId", m.tenant_id as "tenantId", m.role, p.switched_at as "switchedAt"
    from auth.people p join auth.memberships m on m.person_id = p.id and m.tenant_id = p.tenant_id
    where p.switched_at > ${since} order by p.id`)

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

/** Who belongs already keeps the role that they have. */
export const membership_insert = (
  tx: Tx,
  of: { readonly personId: string; readonly tenantId: string; readonly role: string },
) =>
  tx.run(sql`
    insert into auth.memberships (tenant_id, person_id, role) values (${of.tenantId}, ${of.personId}, ${of.role})
    on conflict (tenant_id, person_id) do nothing`)

/** Later than every change before it, however many there are in a second. */
const nextChange = sql`greatest(date_trunc('second', clock_timestamp()), role_since + interval '1 second')`

/** Gives a member another role. @returns as which this change is dated; nothing when they do not belong */
export const membership_set_role = (
  tx: Tx,
  of: { readonly personId: string; readonly tenantId: string; readonly role: string },
) =>
  tx.maybe<{ readonly at: Date }>(sql`
    update auth.memberships set role = ${of.role}, role_since = ${nextChange}
    where person_id = ${of.personId} and tenant_id = ${of.tenantId} returning role_since as at`)

/** @returns as which this change is dated; nothing when they did not belong */
export const membership_delete = (tx: Tx, personId: string, tenantId: string) =>
  tx.maybe<{ readonly at: Date }>(sql`
    delete from auth.memberships where person_id = ${personId} and tenant_id = ${tenantId} returning ${nextChange} as at`)

/** Where a person belongs, by name. @param only the organisation whose host it is, if it is one's */
export const membership_list_of_person = (tx: Tx, personId: string, only?: string) =>
  tx.rows<Membership>(sql`
    select t.id as "tenantId", t.name as "tenantName", m.role
    from auth.memberships m join auth.tenants t on t.id = m.tenant_id
    where m.person_id = ${personId} and (${only ?? null}::text is null or m.tenant_id = ${only ?? null})
    order by t.name, t.id`)

/** Selects an organisation that the person belongs to. @returns whether that changed anything */
export const person_select_tenant = async (tx: Tx, personId: string, tenantId: string, now: Date): Promise<boolean> =>
  (await tx.maybe(sql`
    update auth.people set tenant_id = ${tenantId}, switched_at = ${now}
    where id = ${personId} and tenant_id is distinct from ${tenantId}
      and exists (select from auth.memberships where person_id = ${personId} and tenant_id = ${tenantId})
    returning id`)) !== undefined

export interface Account extends Person {
  readonly passwordHash: string | null
  readonly deactivatedAt: Date | null
  readonly createdAt: Date
}

const account = sql`id, email, name, password_hash as "passwordHash", deactivated_at as "deactivatedAt", created_at as "createdAt"`

export const account_get = (tx: Tx, id: string) =>
  tx.maybe<Account>(sql`select ${account} from auth.people where id = ${id}`)

/** The same, held: whoever changes how a person signs in has to. */
export const account_lock = (tx: Tx, id: string) =>
  tx.maybe<Account>(sql`select ${account} from auth.people where id = ${id} for update`)

export const account_rename = (tx: Tx, id: string, name: string) =>
  tx.run(sql`update auth.people set name = ${name} where id = ${id}`)

export const account_deactivate = (tx: Tx, id: string, at: Date | null) =>
  tx.run(sql`
    update auth.people set deactivated_at = ${at}
    where id = ${id} and (deactivated_at is null) <> (${at}::timestamptz is null)`)

/** Everything that names the person goes; the id stays, and nobody can sign in to it. Part of a transaction that holds the person. */
export async function account_erase(tx: Tx, id: string, now: Date): Promise<void> {
  await tx.run(sql`delete from auth.memberships where person_id = ${id}`)
  await tx.run(sql`delete from auth.upstream_identities where person_id = ${id}`)
  await tx.run(sql`
    update auth.people set email = id || '@deleted.invalid', name = 'Deleted', password_hash = null, tenant_id = null,
      deactivated_at = coalesce(deactivated_at, ${now})
    where id = ${id}`)
}
