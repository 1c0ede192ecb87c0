import { sql, type Tx } from '@gatehouse/database'

export interface ConsentKey {
  readonly personId: string
  readonly clientId: string
  readonly tenantId: string
  readonly resource: string
}

export interface Consent {
  readonly id: string
  readonly scopes: readonly string[]
}

/** A client whose name, redirects or keys have changed since is another than the one that was allowed. */
const fresh = sql`consents.granted_at >= coalesce((select changed_at from auth.clients where id = consents.client_id), '-infinity')`

const living = (key: ConsentKey) =>
  sql`person_id = ${key.personId} and client_id = ${key.clientId} and tenant_id = ${key.tenantId}
    and resource = ${key.resource} and ended_at is null`

export const consent_get = (tx: Tx, key: ConsentKey) =>
  tx.maybe<Consent>(sql`select id, scopes from auth.consents where ${living(key)} and ${fresh}`)

/** Where a person's newest living consent for a client was given, of the organisations that they still belong to. */
export const consent_get_tenant = (tx: Tx, of: Pick<ConsentKey, 'personId' | 'clientId'>) =>
  tx.maybe<{ readonly tenantId: string }>(sql`
    select c.tenant_id as "tenantId" from auth.consents c
      join auth.memberships m on m.person_id = c.person_id and m.tenant_id = c.tenant_id
    where c.person_id = ${of.personId} and c.client_id = ${of.clientId} and c.ended_at is null
    order by c.granted_at desc, c.id limit 1`)

/** The same, held: it cannot be ended before the transaction that rests on it is over. */
export const consent_lock = (tx: Tx, key: ConsentKey) =>
  tx.maybe<Consent>(sql`select id, scopes from auth.consents where ${living(key)} and ${fresh} for update of consents`)

/** Adds scopes to the living consent, or makes one. What was allowed to the client as it was before does not count. */
export const consent_extend = (
  tx: Tx,
  key: ConsentKey,
  of: { readonly id: string; readonly scopes: readonly string[]; readonly now: Date },
) =>
  tx.one<Consent>(sql`
    insert into auth.consents (id, tenant_id, person_id, client_id, resource, scopes, granted_at)
    values (${of.id}, ${key.tenantId}, ${key.personId}, ${key.clientId}, ${key.resource}, ${of.scopes}, ${of.now})
    on conflict (person_id, client_id, tenant_id, resource) where ended_at is null do update set
      scopes = case when ${fresh}
        then array(select distinct unnest(consents.scopes || excluded.scopes))
        else excluded.scopes end,
      granted_at = excluded.granted_at
    returning id, scopes`)

/** @returns what ended, when this person had such a living consent */
export const consent_end = (tx: Tx, id: string, personId: string, now: Date) =>
  tx.maybe<ConsentKey & { readonly clientName: string }>(sql`
    update auth.consents set ended_at = ${now} from auth.clients
    where consents.id = ${id} and person_id = ${personId} and consents.ended_at is null and clients.id = consents.client_id
    returning person_id as "personId", client_id as "clientId", consents.tenant_id as "tenantId", resource,
      clients.name as "clientName"`)

/** Ends every consent at a resource that is no more. */
export const consent_end_of_resource = (tx: Tx, resource: string, now: Date) =>
  tx.run(sql`update auth.consents set ended_at = ${now} where resource = ${resource} and ended_at is null`)

export interface ConsentEntry {
  readonly id: string
  readonly clientId: string
  readonly clientName: string
  readonly redirectUris: readonly string[]
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
    select c.id, k.id as "clientId", k.name as "clientName", k.redirect_uris as "redirectUris", c.resource, r.name as "resourceName", t.name as "tenantName",
      c.scopes, c.granted_at as "grantedAt",
      (select max(g.used_at) from auth.grants g
        where g.person_id = c.person_id and g.client_id = c.client_id and g.tenant_id = c.tenant_id
          and c.resource = any(g.resources)) as "usedAt"
    from auth.consents c join auth.clients k on k.id = c.client_id join auth.tenants t on t.id = c.tenant_id
      left join auth.resources r on r.identifier = c.resource
    where c.person_id = ${personId} and c.ended_at is null order by c.granted_at desc, c.id`)
