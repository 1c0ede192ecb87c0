import { sql, type Tx } from '@gatehouse/database'

export type FirstSignIn = 'refuse' | 'invite-only' | 'join'

/** What a tenant would do with somebody whom a provider vouches for. */
export interface Offer {
  readonly tenantId: string
  readonly policy: FirstSignIn
  readonly domains: readonly string[]
  readonly role: string | null
  readonly invitation: { readonly id: string; readonly role: string } | null
}

/** Of the tenants that have a rule for this provider; invitations of that address are held. */
export const offer_list = async (tx: Tx, providerId: string, email: string, now: Date): Promise<readonly Offer[]> => {
  const rows = await tx.rows<Omit<Offer, 'invitation'> & { invitationId: string | null; invitedAs: string | null }>(sql`
    select s.tenant_id as "tenantId", s.policy, s.domains, s.role, i.id as "invitationId", i.role as "invitedAs"
    from auth.sign_in_policies s join auth.tenants t on t.id = s.tenant_id and t.status = 'active'
      left join auth.invitations i on i.tenant_id = s.tenant_id and lower(i.email) = lower(${email})
        and i.accepted_at is null and i.expires_at > ${now}
    where s.provider_id = ${providerId} and s.policy <> 'refuse' order by t.created_at, t.slug`)
  return rows.map(({ invitationId, invitedAs, ...offer }) => ({
    ...offer,
    invitation: invitationId === null || invitedAs === null ? null : { id: invitationId, role: invitedAs },
  }))
}

/** @returns whether it was waiting: it is taken once */
export const invitation_accept = async (tx: Tx, id: string, now: Date): Promise<boolean> =>
  (await tx.maybe(
    sql`update auth.invitations set accepted_at = ${now} where id = ${id} and accepted_at is null returning id`,
  )) !== undefined

export interface SignInPolicy {
  readonly providerId: string
  readonly policy: FirstSignIn
  readonly domains: readonly string[]
  readonly role: string | null
}

export const sign_in_policy_list = (tx: Tx, tenantId: string) =>
  tx.rows<SignInPolicy>(sql`
    select provider_id as "providerId", policy, domains, role from auth.sign_in_policies where tenant_id = ${tenantId}
    order by provider_id`)

export const sign_in_policy_upsert = (tx: Tx, tenantId: string, of: SignInPolicy) =>
  tx.run(sql`
    insert into auth.sign_in_policies (tenant_id, provider_id, policy, domains, role)
    values (${tenantId}, ${of.providerId}, ${of.policy}, ${of.domains}, ${of.role})
    on conflict (tenant_id, provider_id) do update set policy = excluded.policy, domains = excluded.domains, role = excluded.role`)

export interface Invitation {
  readonly id: string
  readonly email: string
  readonly role: string
  readonly createdAt: Date
  readonly expiresAt: Date
}

export const invitation_list_waiting = (tx: Tx, tenantId: string, now: Date) =>
  tx.rows<Invitation>(sql`
    select id, email, role, created_at as "createdAt", expires_at as "expiresAt" from auth.invitations
    where tenant_id = ${tenantId} and accepted_at is null and expires_at > ${now} order by created_at desc, id`)

/** Makes it, or changes the one that waits for that address. */
export const invitation_upsert = (tx: Tx, tenantId: string, of: Invitation) =>
  tx.one<{ readonly id: string }>(sql`
    insert into auth.invitations (id, tenant_id, email, role, created_at, expires_at)
    values (${of.id}, ${tenantId}, ${of.email}, ${of.role}, ${of.createdAt}, ${of.expiresAt})
    on conflict (tenant_id, lower(email)) where accepted_at is null
      do update set role = excluded.role, expires_at = excluded.expires_at
    returning id`)

/** @returns whether one was waiting */
export const invitation_delete = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.maybe(sql`delete from auth.invitations where id = ${id} and accepted_at is null returning id`)) !==
  undefined
