import { sql, type Tx } from '@gatehouse/database'

/** What a link is for. */
export type LinkSubject =
  | { readonly purpose: 'password'; readonly personId: string }
  | { readonly purpose: 'invitation'; readonly invitationId: string }

export interface LinkTimes {
  readonly now: Date
  readonly expiresAt: Date
}

export const link_insert = (tx: Tx, hash: Uint8Array, of: LinkSubject, { now, expiresAt }: LinkTimes) =>
  tx.run(sql`
    insert into auth.one_time_links (hash, purpose, person_id, invitation_id, created_at, expires_at)
    values (${hash}, ${of.purpose}, ${of.purpose === 'password' ? of.personId : null},
      ${of.purpose === 'invitation' ? of.invitationId : null}, ${now}, ${expiresAt})`)

interface LinkRow {
  readonly personId: string | null
  readonly invitationId: string | null
}

const subject = sql`person_id as "personId", invitation_id as "invitationId"`

/** What a link that can still be used is for; it stays as it is, since whatever looks at mails may open it. */
export const link_get = (tx: Tx, hash: Uint8Array, purpose: LinkSubject['purpose'], now: Date) =>
  tx.maybe<LinkRow>(sql`
    select ${subject} from auth.one_time_links
    where hash = ${hash} and purpose = ${purpose} and used_at is null and expires_at > ${now}`)

/** Uses a link up. Of many at once one has it; to the others it is as if there were none. */
export const link_use = (tx: Tx, hash: Uint8Array, purpose: LinkSubject['purpose'], now: Date) =>
  tx.maybe<LinkRow>(sql`
    update auth.one_time_links set used_at = ${now}
    where hash = ${hash} and purpose = ${purpose} and used_at is null and expires_at > ${now}
    returning ${subject}`)

/** The password has another way in from now on: none that was sent before is good. */
export const link_end_of_person = (tx: Tx, personId: string, now: Date) =>
  tx.run(sql`update auth.one_time_links set used_at = ${now} where person_id = ${personId} and used_at is null`)

export interface WaitingInvitation {
  readonly id: string
  readonly tenantId: string
  readonly tenantName: string
  readonly email: string
  readonly role: string
}

/** An invitation that waits, held until the end of the transaction. */
export const invitation_lock = (tx: Tx, id: string, now: Date) =>
  tx.maybe<WaitingInvitation>(sql`
    select i.id, i.tenant_id as "tenantId", t.name as "tenantName", i.email, i.role
    from auth.invitations i join auth.tenants t on t.id = i.tenant_id
    where i.id = ${id} and i.accepted_at is null and i.expires_at > ${now} for update of i`)

/** The one that waits for an address in a tenant, though it may have expired; held. */
export const invitation_lock_of_address = (tx: Tx, tenantId: string, email: string) =>
  tx.maybe<{ readonly role: string }>(sql`
    select role from auth.invitations
    where tenant_id = ${tenantId} and lower(email) = lower(${email}) and accepted_at is null for update`)

/** @returns whether one of that tenant was waiting */
export const invitation_delete_of_tenant = async (tx: Tx, id: string, tenantId: string): Promise<boolean> =>
  (await tx.maybe(sql`
    delete from auth.invitations where id = ${id} and tenant_id = ${tenantId} and accepted_at is null returning id`)) !==
  undefined
