import { sql, type Tx } from '@gatehouse/database'

export interface ApiKey {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  /** Prefix and last four characters. */
  readonly hint: string
  readonly scopes: readonly string[]
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

const columns = sql`id, tenant_id as "tenantId", name, hint, scopes, created_at as "createdAt", expires_at as "expiresAt"`

/** @returns 0 when the same key is there already */
export const key_insert = (tx: Tx, key: ApiKey, hash: Uint8Array) =>
  tx.run(sql`
    insert into auth.api_keys (id, tenant_id, name, hash, hint, scopes, created_at, expires_at)
    values (${key.id}, ${key.tenantId}, ${key.name}, ${hash}, ${key.hint}, ${key.scopes}, ${key.createdAt}, ${key.expiresAt})
    on conflict (hash) do nothing`)

/** A key that is good now. */
export const key_get_by_hash = (tx: Tx, hash: Uint8Array, now: Date) =>
  tx.maybe<ApiKey & { readonly usedAt: Date | null }>(sql`
    select ${columns}, used_at as "usedAt" from auth.api_keys
    where hash = ${hash} and revoked_at is null and (expires_at is null or expires_at > ${now})`)

export const key_touch = (tx: Tx, id: string, now: Date) =>
  tx.run(sql`update auth.api_keys set used_at = ${now} where id = ${id}`)

export const key_revoke = (tx: Tx, id: string, now: Date) =>
  tx.maybe<{ readonly tenantId: string }>(sql`
    update auth.api_keys set revoked_at = ${now} where id = ${id} and revoked_at is null returning tenant_id as "tenantId"`)
