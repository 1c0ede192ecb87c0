import { sql, type Tx } from '@gatehouse/database'
import type { ConsentKey } from './consents.store.ts'

export interface Grant {
  readonly id: string
  /** The consent for the first of its resources. */
  readonly consentId: string
  readonly tenantId: string
  readonly personId: string
  readonly clientId: string
  /** Possible audiences of its tokens, at least one. */
  readonly resources: readonly string[]
  readonly scopes: readonly string[]
  readonly authTime: Date
  readonly createdAt: Date
  readonly endedAt: Date | null
}

const columns = sql`id, consent_id as "consentId", tenant_id as "tenantId", person_id as "personId", client_id as "clientId",
  resources, scopes, auth_time as "authTime", created_at as "createdAt", ended_at as "endedAt"`

export const grant_insert = (tx: Tx, grant: Omit<Grant, 'endedAt'>) =>
  tx.run(sql`
    insert into auth.grants (id, consent_id, tenant_id, person_id, client_id, resources, scopes, auth_time, created_at)
    values (${grant.id}, ${grant.consentId}, ${grant.tenantId}, ${grant.personId}, ${grant.clientId}, ${grant.resources},
      ${grant.scopes}, ${grant.authTime}, ${grant.createdAt})`)

/** Holds the grant until the end of the transaction: whoever changes its code or its family has to. */
export const grant_lock = (tx: Tx, id: string) =>
  tx.maybe<Grant>(sql`select ${columns} from auth.grants where id = ${id} for update`)

/** The same by a token of its family. */
export const grant_lock_of_refresh_token = (tx: Tx, hash: Uint8Array) =>
  tx.maybe<Grant>(sql`
    select ${columns} from auth.grants where id = (select grant_id from auth.refresh_tokens where hash = ${hash})
    for update`)

export const grant_touch = (tx: Tx, id: string, now: Date) =>
  tx.run(sql`update auth.grants set used_at = ${now} where id = ${id}`)

/** @returns the tenant of the grant when it was living, else nothing */
export const grant_end = (tx: Tx, id: string, reason: string, now: Date) =>
  tx.maybe<{ readonly tenantId: string }>(sql`
    update auth.grants set ended_at = ${now}, end_reason = ${reason} where id = ${id} and ended_at is null
    returning tenant_id as "tenantId"`)

/** Living grants that rest on such a consent, held. */
export const grant_list_living_of_consent = (tx: Tx, of: ConsentKey) =>
  tx.rows<{ readonly id: string }>(sql`
    select id from auth.grants
    where person_id = ${of.personId} and client_id = ${of.clientId} and tenant_id = ${of.tenantId}
      and ${of.resource} = any(resources) and ended_at is null order by id for update`)

/** Living grants whose tokens can be for a resource, held. */
export const grant_list_living_of_resource = (tx: Tx, resource: string) =>
  tx.rows<{ readonly id: string }>(
    sql`select id from auth.grants where ${resource} = any(resources) and ended_at is null order by id for update`,
  )

/** Grants that were taken back since `since`, when their tokens could still be alive. */
export const grant_list_ended_since = (tx: Tx, since: Date) =>
  tx.rows<{ readonly id: string; readonly tenantId: string; readonly reason: string }>(sql`
    select id, tenant_id as "tenantId", end_reason as reason from auth.grants where ended_at > ${since} order by id`)

export interface GrantEntry {
  readonly id: string
  readonly tenantId: string
  readonly personId: string
  readonly email: string
  readonly clientId: string
  readonly clientName: string
  readonly resources: readonly string[]
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly usedAt: Date | null
}

/** Living grants, newest first, after the one that ends the page before. */
export const grant_list = (
  tx: Tx,
  of: {
    readonly tenant?: string | undefined
    readonly person?: string | undefined
    readonly client?: string | undefined
    readonly after?: string | undefined
    readonly limit: number
  },
) =>
  tx.rows<GrantEntry>(sql`
    select g.id, g.tenant_id as "tenantId", g.person_id as "personId", p.email, g.client_id as "clientId",
      k.name as "clientName", g.resources, g.scopes, g.created_at as "createdAt", g.used_at as "usedAt"
    from auth.grants g join auth.people p on p.id = g.person_id join auth.clients k on k.id = g.client_id
    where g.ended_at is null
      and (${of.tenant ?? null}::text is null or g.tenant_id = ${of.tenant ?? null})
      and (${of.person ?? null}::text is null or g.person_id = ${of.person ?? null})
      and (${of.client ?? null}::text is null or g.client_id = ${of.client ?? null})
      and (${of.after ?? null}::text is null
        or (g.created_at, g.id) < (select created_at, id from auth.grants where id = ${of.after ?? null}))
    order by g.created_at desc, g.id desc limit ${of.limit}`)
