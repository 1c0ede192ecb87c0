import { type Database, json, sql, type Tx } from '@gatehouse/database'
import type { JSONWebKeySet } from 'jose'

export type AuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post' | 'private_key_jwt'
export type ClientKind = 'dynamic' | 'registered' | 'metadata'
/** Why a client is gone for good. */
export type ClientEnd = 'deleted' | 'unused' | 'idle'

export interface Client {
  readonly id: string
  readonly kind: ClientKind
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly authMethod: AuthMethod
  readonly secretHash: Uint8Array | null
  /** Its public keys; at most one of the two is there. */
  readonly jwks: JSONWebKeySet | null
  readonly jwksUri: string | null
  /** What it said it would use; `null` = it did not say, so it is not held to anything. */
  readonly grantTypes: readonly string[] | null
  /** What it may have for itself (`client_credentials`); `null` = nothing. */
  readonly scopes: readonly string[] | null
  /** Identifiers of the resources that it may have tokens for; `null` = any. */
  readonly resources: readonly string[] | null
  /** Tenant that it acts in when it acts for itself. */
  readonly tenantId: string | null
  /** Tenant at whose host it registered itself; absent: at the deployment's own. */
  readonly issuerTenantId: string | null
  readonly registrationHash: Uint8Array | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly createdAt: Date
  readonly usedAt: Date | null
  readonly disabledAt: Date | null
  readonly endedAt: Date | null
  readonly endReason: ClientEnd | null
}

/** What a client is made of. */
export type NewClient = Omit<Client, 'usedAt' | 'disabledAt' | 'endedAt' | 'endReason' | 'issuerTenantId'> &
  Partial<Pick<Client, 'issuerTenantId'>>

const columns = sql`id, kind, name, redirect_uris as "redirectUris", auth_method as "authMethod", secret_hash as "secretHash",
  jwks, jwks_uri as "jwksUri", grant_types as "grantTypes", scopes, resources, tenant_id as "tenantId", issuer_tenant_id as "issuerTenantId",
  registration_hash as "registrationHash", metadata, created_at as "createdAt", used_at as "usedAt",
  disabled_at as "disabledAt", ended_at as "endedAt", end_reason as "endReason"`

/** A client that may be used. */
export const client_get = (tx: Tx, id: string) =>
  tx.maybe<Client>(sql`
    select ${columns} from auth.clients where id = ${id} and disabled_at is null and ended_at is null`)

const any = (id: string) => sql`select ${columns} from auth.clients where id = ${id}`

/** A client whatever became of it. */
export const client_get_any = (tx: Tx, id: string) => tx.maybe<Client>(any(id))

/** The same by itself, in one round trip. */
export const client_read_any = async (db: Database, id: string): Promise<Client | undefined> =>
  (await db.readAsPlatform<Client>('client', any(id)))[0]

/** Those of these that there are, by id, whatever became of them; in one round trip. */
export const client_read_all = async (db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, Client>> => {
  const found = await db.readAsPlatform<Client>(
    'client',
    sql`select ${columns} from auth.clients where id = any(${ids})`,
  )
  return new Map(found.map((client) => [client.id, client]))
}

/** The same, held. */
export const client_lock = (tx: Tx, id: string) =>
  tx.maybe<Client>(sql`select ${columns} from auth.clients where id = ${id} for update`)

const keys = ({ jwks }: Pick<Client, 'jwks'>) => (jwks === null ? null : json(jwks))

export const client_insert = (tx: Tx, client: NewClient) =>
  tx.run(sql`
    insert into auth.clients (id, kind, name, redirect_uris, auth_method, secret_hash, jwks, jwks_uri, grant_types, scopes,
      resources, tenant_id, issuer_tenant_id, registration_hash, metadata, created_at)
    values (${client.id}, ${client.kind}, ${client.name}, ${client.redirectUris}, ${client.authMethod}, ${client.secretHash},
      ${keys(client)}::jsonb, ${client.jwksUri}, ${client.grantTypes}, ${client.scopes}, ${client.resources},
      ${client.tenantId}, ${client.issuerTenantId ?? null}, ${client.registrationHash}, ${json(client.metadata)}::jsonb, ${client.createdAt})`)

/** Newest first, after the client that ends the page before. */
export const client_list = (tx: Tx, limit: number, after: string | undefined) =>
  tx.rows<Client>(sql`
    select ${columns} from auth.clients
    where ended_at is null and (${after ?? null}::text is null
      or (created_at, id) < (select created_at, id from auth.clients where id = ${after ?? null}))
    order by auth.clients.created_at desc, auth.clients.id desc limit ${limit}`)

/** What it is by its metadata document now, unless an operator switched it off or deleted it; consents are asked for again when it shows another face or has other keys. */
export const client_put_document = (tx: Tx, client: NewClient, now: Date) =>
  tx.maybe<Client>(sql`
    insert into auth.clients (id, kind, name, redirect_uris, auth_method, jwks, jwks_uri, grant_types, metadata, created_at)
    values (${client.id}, 'metadata', ${client.name}, ${client.redirectUris}, ${client.authMethod}, ${keys(client)}::jsonb,
      ${client.jwksUri}, ${client.grantTypes}, ${json(client.metadata)}::jsonb, ${now})
    on conflict (id) do update set name = excluded.name, redirect_uris = excluded.redirect_uris,
      auth_method = excluded.auth_method, jwks = excluded.jwks, jwks_uri = excluded.jwks_uri,
      grant_types = excluded.grant_types, metadata = excluded.metadata, ended_at = null, end_reason = null,
      changed_at = case
        when (clients.name, clients.redirect_uris, clients.auth_method, clients.jwks, clients.jwks_uri)
          is distinct from (excluded.name, excluded.redirect_uris, excluded.auth_method, excluded.jwks, excluded.jwks_uri)
        then ${now} else clients.changed_at end
    where clients.kind = 'metadata' and clients.disabled_at is null and clients.end_reason is distinct from 'deleted'
    returning ${columns}`)

/** That it proved itself; a day is exact enough. */
export const client_touch = (tx: Tx, id: string, now: Date) =>
  tx.run(sql`update auth.clients set used_at = ${now} where id = ${id} and ended_at is null`)

/** What a client says of itself anew (RFC 7592 section 2.2), when it is still held by this registration token. */
export const client_replace = (tx: Tx, client: NewClient, heldBy: Uint8Array, now: Date) =>
  tx.maybe<Client>(sql`
    update auth.clients set name = ${client.name}, redirect_uris = ${client.redirectUris}, auth_method = ${client.authMethod},
      secret_hash = ${client.secretHash}, jwks = ${keys(client)}::jsonb, jwks_uri = ${client.jwksUri},
      grant_types = ${client.grantTypes}, metadata = ${json(client.metadata)}::jsonb,
      registration_hash = ${client.registrationHash},
      changed_at = case
        when (name, redirect_uris, auth_method, jwks, jwks_uri) is distinct from
          (${client.name}, ${client.redirectUris}::text[], ${client.authMethod}, ${keys(client)}::jsonb, ${client.jwksUri}::text)
        then ${now} else changed_at end
    where id = ${client.id} and registration_hash = ${heldBy} and disabled_at is null and ended_at is null
    returning ${columns}`)

/** Gone for good: only that it was there is kept, so that whoever still uses it can be told. @returns whether it was there */
export const client_end = (tx: Tx, id: string, reason: ClientEnd, now: Date, heldBy?: Uint8Array) =>
  tx.run(sql`
    update auth.clients set ended_at = ${now}, end_reason = ${reason}, secret_hash = null, registration_hash = null,
      jwks = null, jwks_uri = null, redirect_uris = '{}', metadata = '{}'
    where id = ${id} and ended_at is null
      and (${heldBy ?? null}::bytea is null or registration_hash = ${heldBy ?? null}::bytea)`)

/** Clients that were switched off or ended since `since`, when what they held could still be alive. */
export const client_list_withdrawn = (tx: Tx, since: Date) =>
  tx.rows<{ readonly id: string; readonly reason: string }>(sql`
    select id, 'client.' || coalesce(end_reason, 'disabled') as reason from auth.clients
    where ended_at > ${since} or disabled_at > ${since} order by id`)

/** What an operator says of a client anew. The row is held by the caller. */
export const client_update = (tx: Tx, client: NewClient, now: Date) =>
  tx.maybe<Client>(sql`
    update auth.clients set name = ${client.name}, redirect_uris = ${client.redirectUris}, auth_method = ${client.authMethod},
      secret_hash = ${client.secretHash}, jwks = ${keys(client)}::jsonb, jwks_uri = ${client.jwksUri},
      grant_types = ${client.grantTypes}, scopes = ${client.scopes}, resources = ${client.resources},
      tenant_id = ${client.tenantId}, metadata = ${json(client.metadata)}::jsonb,
      changed_at = case
        when (name, redirect_uris, auth_method, jwks, jwks_uri) is distinct from
          (${client.name}, ${client.redirectUris}::text[], ${client.authMethod}, ${keys(client)}::jsonb, ${client.jwksUri}::text)
        then ${now} else changed_at end
    where id = ${client.id} and ended_at is null returning ${columns}`)

/** Switches a client on (`null`) or off. @returns nothing when it is so already, or is gone */
export const client_switch = (tx: Tx, id: string, disabledAt: Date | null) =>
  tx.maybe<Client>(sql`
    update auth.clients set disabled_at = ${disabledAt}
    where id = ${id} and ended_at is null and (disabled_at is null) <> (${disabledAt}::timestamptz is null)
    returning ${columns}`)

export const client_put_secret = (tx: Tx, id: string, secretHash: Uint8Array) =>
  tx.run(sql`
    update auth.clients set secret_hash = ${secretHash}
    where id = ${id} and kind = 'registered' and secret_hash is not null and ended_at is null`)
