import { sql, type Tx } from '@gatehouse/database'

export interface Grant {
  readonly id: string
  readonly consentId: string
  readonly tenantId: string
  readonly personId: string
  readonly clientId: string
  readonly resource: string
  readonly scopes: readonly string[]
  readonly authTime: Date
  readonly endedAt: Date | null
}

const columns = sql`id, consent_id as "consentId", tenant_id as "tenantId", person_id as "personId", client_id as "clientId",
  resource, scopes, auth_time as "authTime", ended_at as "endedAt"`

export const grant_insert = (tx: Tx, grant: Omit<Grant, 'endedAt'>, now: Date) =>
  tx.run(sql`
    insert into auth.grants (id, consent_id, tenant_id, person_id, client_id, resource, scopes, auth_time, created_at)
    values (${grant.id}, ${grant.consentId}, ${grant.tenantId}, ${grant.personId}, ${grant.clientId}, ${grant.resource},
      ${grant.scopes}, ${grant.authTime}, ${now})`)

export const grant_get = (tx: Tx, id: string) =>
  tx.maybe<Grant>(sql`select ${columns} from auth.grants where id = ${id}`)

/** Holds the grant until the end of the transaction: whoever changes its code or its family has to. */
export const grant_lock = (tx: Tx, id: string) =>
  tx.maybe<Grant>(sql`select ${columns} from auth.grants where id = ${id} for update`)

export const grant_touch = (tx: Tx, id: string, now: Date) =>
  tx.run(sql`update auth.grants set used_at = ${now} where id = ${id}`)

/** @returns the tenant of the grant when it was living, else nothing */
export const grant_end = (tx: Tx, id: string, reason: string, now: Date) =>
  tx.maybe<{ readonly tenantId: string }>(sql`
    update auth.grants set ended_at = ${now}, end_reason = ${reason} where id = ${id} and ended_at is null
    returning tenant_id as "tenantId"`)

export const grant_list_living_of_consent = (tx: Tx, consentId: string) =>
  tx.rows<{ readonly id: string }>(
    sql`select id from auth.grants where consent_id = ${consentId} and ended_at is null order by id for update`,
  )

/** Grants that were taken back since `since`, when their tokens could still be alive. */
export const grant_list_ended_since = (tx: Tx, since: Date) =>
  tx.rows<{ readonly id: string; readonly tenantId: string; readonly reason: string }>(sql`
    select id, tenant_id as "tenantId", end_reason as reason from auth.grants where ended_at > ${since} order by id`)
