import { sql, type Tx } from '@gatehouse/database'

export interface LinkedPerson {
  readonly personId: string
  readonly deactivated: boolean
}

/** Who that account elsewhere is here; noted as used. */
export const upstream_identity_use = (
  tx: Tx,
  of: { readonly issuer: string; readonly subject: string; readonly email: string | undefined; readonly now: Date },
) =>
  tx.maybe<LinkedPerson>(sql`
    update auth.upstream_identities i set used_at = ${of.now}, email = coalesce(${of.email ?? null}, i.email)
    from auth.people p where p.id = i.person_id and i.issuer = ${of.issuer} and i.subject = ${of.subject}
    returning i.person_id as "personId", p.deactivated_at is not null as deactivated`)

/** @returns whether it was linked; it is not when it is somebody's already */
export const upstream_identity_insert = async (
  tx: Tx,
  of: {
    readonly issuer: string
    readonly subject: string
    readonly personId: string
    readonly email: string
    readonly now: Date
  },
): Promise<boolean> =>
  (await tx.maybe(sql`
    insert into auth.upstream_identities (issuer, subject, person_id, email, linked_at, used_at)
    values (${of.issuer}, ${of.subject}, ${of.personId}, ${of.email}, ${of.now}, ${of.now})
    on conflict do nothing returning subject`)) !== undefined

export interface AccountOfEmail extends LinkedPerson {
  /** Whether another account of that issuer signs it in. */
  readonly linkedThere: boolean
  /** Whether nobody could sign in to it yet, and every tenant that it belongs to lets that provider vouch for addresses. */
  readonly waiting: boolean
}

/** The account here that has an email, as far as an arrival from that provider is concerned. */
export const account_get_for_arrival = (tx: Tx, email: string, issuer: string, providerId: string) =>
  tx.maybe<AccountOfEmail>(sql`
    select p.id as "personId", p.deactivated_at is not null as deactivated,
      exists (select from auth.upstream_identities i where i.person_id = p.id and i.issuer = ${issuer}) as "linkedThere",
      p.password_hash is null and not exists (select from auth.upstream_identities i where i.person_id = p.id)
        and (select coalesce(bool_and(s.policy is not null), false)
          from auth.memberships m left join auth.sign_in_policies s
            on s.tenant_id = m.tenant_id and s.provider_id = ${providerId} and s.policy <> 'refuse'
          where m.person_id = p.id) as waiting
    from auth.people p where lower(p.email) = lower(${email}) for update of p`)

export interface UpstreamIdentity {
  readonly issuer: string
  readonly subject: string
  readonly email: string
  readonly linkedAt: Date
  readonly usedAt: Date
}

export const upstream_identity_list_of_person = (tx: Tx, personId: string) =>
  tx.rows<UpstreamIdentity>(sql`
    select issuer, subject, email, linked_at as "linkedAt", used_at as "usedAt" from auth.upstream_identities
    where person_id = ${personId} order by linked_at, issuer, subject`)

/**
 * Never the last way of signing in. Run it with the person held (`person_lock`), so that two at once do not take both.
 * @returns whether there was one that could go
 */
export const upstream_identity_delete = async (
  tx: Tx,
  of: { readonly issuer: string; readonly subject: string; readonly personId: string },
): Promise<boolean> =>
  (await tx.maybe(sql`
    delete from auth.upstream_identities i using auth.people p
    where i.issuer = ${of.issuer} and i.subject = ${of.subject} and i.person_id = ${of.personId} and p.id = i.person_id
      and (p.password_hash is not null or exists (
        select from auth.upstream_identities o where o.person_id = p.id and (o.issuer, o.subject) <> (i.issuer, i.subject)))
    returning i.subject`)) !== undefined
