import { sql, type Tx } from '@gatehouse/database'
import type { Client } from '../clients/clients.store.ts'
import type { HostRule } from './judge-host.ts'

export interface HostEntry extends HostRule {
  readonly createdAt: Date
}

export const client_host_list = (tx: Tx, tenantId: string) =>
  tx.rows<HostEntry>(sql`
    select host, rule, created_at as "createdAt" from auth.client_hosts where tenant_id = ${tenantId} order by rule, host`)

/**
 * The same for who is about to let a client in: until the end of the transaction the rules stay as they are. (A new grant holds its tenant
 * against changes of the key anyway; this takes that hold before the look at the rules.)
 */
export async function client_host_list_held(tx: Tx, tenantId: string): Promise<readonly HostRule[]> {
  await tx.maybe(sql`select id from auth.tenants where id = ${tenantId} for key share`)
  return client_host_list(tx, tenantId)
}

/** Keeps everybody out who is about to let a client in. @returns whether there is such a tenant */
export const tenant_lock_for_hosts = async (tx: Tx, tenantId: string): Promise<boolean> =>
  (await tx.maybe(sql`select id from auth.tenants where id = ${tenantId} for update`)) !== undefined

export const client_host_put = (tx: Tx, tenantId: string, { host, rule }: HostRule, now: Date) =>
  tx.run(sql`
    insert into auth.client_hosts (tenant_id, host, rule, created_at) values (${tenantId}, ${host}, ${rule}, ${now})
    on conflict (tenant_id, host) do update set rule = excluded.rule`)

/** @returns whether there was one */
export const client_host_delete = async (tx: Tx, tenantId: string, host: string): Promise<boolean> =>
  (await tx.maybe(
    sql`delete from auth.client_hosts where tenant_id = ${tenantId} and host = ${host} returning host`,
  )) !== undefined

/**
 * Whether a grant `g` speaks for the tenant.
 * @param follows it speaks for the one that its person has selected, too
 */
const speaksFor = (
  tenantId: string,
  follows: boolean,
) => sql`(g.tenant_id = ${tenantId} or (${follows} and ${tenantId} = (
  select m.tenant_id from auth.memberships m join auth.tenants t on t.id = m.tenant_id join auth.people p on p.id = m.person_id
  where m.person_id = g.person_id
  order by (p.tenant_id is not distinct from m.tenant_id) desc, m.created_at, t.slug limit 1)))`

/** Clients that people of the tenant have allowed something. */
export const client_list_in_use = (tx: Tx, tenantId: string, follows: boolean) =>
  tx.rows<Pick<Client, 'id' | 'name' | 'redirectUris'>>(sql`
    select id, name, redirect_uris as "redirectUris" from auth.clients k
    where exists (select from auth.consents c where c.client_id = k.id and c.tenant_id = ${tenantId} and c.ended_at is null)
      or exists (
        select from auth.grants g where g.client_id = k.id and g.ended_at is null and ${speaksFor(tenantId, follows)})
    order by name, id`)

export const consent_end_of_client = (tx: Tx, tenantId: string, clientId: string, now: Date) =>
  tx.run(sql`
    update auth.consents set ended_at = ${now}
    where tenant_id = ${tenantId} and client_id = ${clientId} and ended_at is null`)

/** Living grants of a client that speak for a tenant, held. */
export const grant_list_living_of_client = (tx: Tx, tenantId: string, clientId: string, follows: boolean) =>
  tx.rows<{ readonly id: string }>(sql`
    select id from auth.grants g where client_id = ${clientId} and ended_at is null and ${speaksFor(tenantId, follows)}
    order by id for update`)

/** Living grants of a person with their clients, held. */
export const grant_list_living_of_person_held = (tx: Tx, personId: string) =>
  tx.rows<{ readonly id: string; readonly clientId: string; readonly redirectUris: readonly string[] }>(sql`
    select g.id, k.id as "clientId", k.redirect_uris as "redirectUris"
    from auth.grants g join auth.clients k on k.id = g.client_id
    where g.person_id = ${personId} and g.ended_at is null order by g.id for update of g`)
