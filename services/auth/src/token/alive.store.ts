import { sql, type Tx } from '@gatehouse/database'

/** What a token rests on, as it is now. */
export interface Standing {
  /** Of the person in the tenant; absent for a client that acts for itself. */
  readonly role: string | null
  /** Absent for a client that acts in no tenant. */
  readonly tenantStatus: 'active' | 'suspended' | null
  /** Where the token speaks, where that is not what it says: its person has selected another organisation since. */
  readonly tenantId?: string
}

/**
 * Nothing when the grant has ended, or client, person or membership are no more.
 * @param of `issuedAt` in seconds since the epoch; `follows`: the token speaks for what its person has selected since
 */
export const standing_of_grant = (
  tx: Tx,
  of: { readonly grantId: string; readonly tenantId: string; readonly issuedAt: number; readonly follows: boolean },
) =>
  tx.maybe<Standing>(sql`
    select m.role, t.status as "tenantStatus", t.id as "tenantId"
    from auth.grants g join auth.clients k on k.id = g.client_id join auth.people p on p.id = g.person_id
      join auth.memberships m on m.person_id = g.person_id and m.tenant_id =
        case when ${of.follows} and floor(extract(epoch from p.switched_at)) >= ${of.issuedAt} then p.tenant_id
        else ${of.tenantId} end
      join auth.tenants t on t.id = m.tenant_id
    where g.id = ${of.grantId} and g.ended_at is null and k.disabled_at is null and k.ended_at is null
      and p.deactivated_at is null`)

/** Nothing when the client is no more, or no longer acts in that tenant. */
export const standing_of_client = (tx: Tx, clientId: string, tenantId: string | undefined) =>
  tx.maybe<Standing>(sql`
    select null as role, t.status as "tenantStatus"
    from auth.clients k left join auth.tenants t on t.id = k.tenant_id
    where k.id = ${clientId} and k.tenant_id is not distinct from ${tenantId ?? null}
      and k.disabled_at is null and k.ended_at is null`)

/** The same for an API key's tenant. */
export const standing_of_tenant = (tx: Tx, tenantId: string) =>
  tx.maybe<Standing>(sql`select null as role, status as "tenantStatus" from auth.tenants where id = ${tenantId}`)

export const revoked_token_exists = async (tx: Tx, jti: string): Promise<boolean> =>
  (await tx.maybe(sql`select 1 as one from auth.revoked_tokens where jti = ${jti}`)) !== undefined

/** @returns 0 when it was revoked before */
export const revoked_token_insert = (
  tx: Tx,
  of: {
    readonly jti: string
    readonly tenantId: string | null
    readonly clientId: string
    readonly reason: string
    readonly now: Date
    readonly expiresAt: Date
  },
) =>
  tx.run(sql`
    insert into auth.revoked_tokens (jti, tenant_id, client_id, reason, revoked_at, expires_at)
    values (${of.jti}, ${of.tenantId}, ${of.clientId}, ${of.reason}, ${of.now}, ${of.expiresAt})
    on conflict (jti) do nothing`)

/** Tokens that were taken back and could still be used. */
export const revoked_token_list = (tx: Tx, now: Date) =>
  tx.rows<{ readonly jti: string; readonly tenantId: string | null; readonly reason: string }>(sql`
    select jti, tenant_id as "tenantId", reason from auth.revoked_tokens where expires_at > ${now} order by jti`)
