import { sql, type Tx } from '@gatehouse/database'

export interface ConsentKey {
  readonly personId: string
  readonly clientId: string
  readonly tenantId: string
  readonly resource: string
}

const living = (key: ConsentKey) =>
  sql`person_id = ${key.personId} and client_id = ${key.clientId} and tenant_id = ${key.tenantId}
    and resource = ${key.resource} and ended_at is null`

export const consent_get = (tx: Tx, key: ConsentKey) =>
  tx.maybe<{ readonly id: string; readonly scopes: readonly string[] }>(
    sql`select id, scopes from auth.consents where ${living(key)}`,
  )

/** The same, held: it cannot be ended before the transaction that rests on it is over. */
export const consent_lock = (tx: Tx, key: ConsentKey) =>
  tx.maybe<{ readonly id: string; readonly scopes: readonly string[] }>(
    sql`select id, scopes from auth.consents where ${living(key)} for update`,
  )

/** Adds scopes to the living consent, or makes one. */
export const consent_extend = (
  tx: Tx,
  key: ConsentKey,
  of: { readonly id: string; readonly scopes: readonly string[]; readonly now: Date },
) =>
  tx.one<{ readonly id: string }>(sql`
    insert into auth.consents (id, tenant_id, person_id, client_id, resource, scopes, granted_at)
    values (${of.id}, ${key.tenantId}, ${key.personId}, ${key.clientId}, ${key.resource}, ${of.scopes}, ${of.now})
    on conflict (person_id, client_id, tenant_id, resource) where ended_at is null do update set
      scopes = (select array_agg(distinct scope) from unnest(consents.scopes || excluded.scopes) as scope),
      granted_at = excluded.granted_at
    returning id`)

/** @returns whether this person had such a living consent */
export const consent_end = (tx: Tx, id: string, personId: string, now: Date) =>
  tx.maybe<{ readonly clientName: string }>(sql`
    update auth.consents set ended_at = ${now} from auth.clients
    where consents.id = ${id} and person_id = ${personId} and consents.ended_at is null and clients.id = consents.client_id
    returning clients.name as "clientName"`)

export interface ConsentEntry {
  readonly id: string
  readonly clientName: string
  readonly resource: string
  readonly resourceName: string | null
  readonly tenantName: string
  readonly scopes: readonly string[]
  readonly grantedAt: Date
  readonly usedAt: Date | null
}

/** What a person allows, newest first. */
export const consent_list_of_person = (tx: Tx, personId: string) =>
  tx.rows<ConsentEntry>(sql`
    select c.id, k.name as "clientName", c.resource, r.name as "resourceName", t.name as "tenantName", c.scopes,
      c.granted_at as "grantedAt", (select max(used_at) from auth.grants g where g.consent_id = c.id) as "usedAt"
    from auth.consents c join auth.clients k on k.id = c.client_id join auth.tenants t on t.id = c.tenant_id
      left join auth.resources r on r.identifier = c.resource
    where c.person_id = ${personId} and c.ended_at is null order by c.granted_at desc, c.id`)
