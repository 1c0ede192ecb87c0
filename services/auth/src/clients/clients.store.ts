import { json, sql, type Tx } from '@gatehouse/database'

export type AuthMethod = 'none' | 'client_secret_basic' | 'client_secret_post'

export interface Client {
  readonly id: string
  readonly kind: 'dynamic' | 'registered'
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly authMethod: AuthMethod
  readonly secretHash: Uint8Array | null
  /** What it said it would use; `null` = it did not say, so it is not held to anything. */
  readonly grantTypes: readonly string[] | null
  readonly metadata: Readonly<Record<string, unknown>>
  readonly createdAt: Date
}

const columns = sql`id, kind, name, redirect_uris as "redirectUris", auth_method as "authMethod", secret_hash as "secretHash",
  grant_types as "grantTypes", metadata, created_at as "createdAt"`

/** A client that may be used. */
export const client_get = (tx: Tx, id: string) =>
  tx.maybe<Client>(sql`select ${columns} from auth.clients where id = ${id} and disabled_at is null`)

export const client_insert = (tx: Tx, client: Client) =>
  tx.run(sql`
    insert into auth.clients (id, kind, name, redirect_uris, auth_method, secret_hash, grant_types, metadata, created_at)
    values (${client.id}, ${client.kind}, ${client.name}, ${client.redirectUris}, ${client.authMethod}, ${client.secretHash},
      ${client.grantTypes}, ${json(client.metadata)}::jsonb, ${client.createdAt})`)

/** Newest first, after the client that ends the page before. */
export const client_list = (tx: Tx, limit: number, after: string | undefined) =>
  tx.rows<Client>(sql`
    select ${columns} from auth.clients
    where ${after ?? null}::text is null
      or (created_at, id) < (select created_at, id from auth.clients where id = ${after ?? null})
    order by auth.clients.created_at desc, auth.clients.id desc limit ${limit}`)
