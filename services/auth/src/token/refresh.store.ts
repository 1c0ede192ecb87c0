import { sql, type Tx } from '@gatehouse/database'

/** One generation of a family. The newest has no `usedAt`. */
export interface Generation {
  readonly generation: number
  readonly expiresAt: Date
  /** Ring key with which the successor was computed. */
  readonly keyId: string | null
  readonly usedAt: Date | null
  readonly tries: number
}

const columns = sql`generation, expires_at as "expiresAt", key_id as "keyId", used_at as "usedAt", tries`

/** Which family, that is which grant, a token belongs to. */
export const refresh_get_grant = (tx: Tx, hash: Uint8Array) =>
  tx.maybe<{ readonly grantId: string }>(
    sql`select grant_id as "grantId" from auth.refresh_tokens where hash = ${hash}`,
  )

export const refresh_get = (tx: Tx, hash: Uint8Array) =>
  tx.one<Generation>(sql`select ${columns} from auth.refresh_tokens where hash = ${hash}`)

/** The key ids by which the newest token follows from the one of this generation, in order. */
export const refresh_list_chain = (tx: Tx, grantId: string, from: number) =>
  tx.rows<{ readonly keyId: string }>(sql`
    select key_id as "keyId" from auth.refresh_tokens
    where grant_id = ${grantId} and generation >= ${from} and used_at is not null order by generation`)

export const refresh_insert = (
  tx: Tx,
  token: { readonly hash: Uint8Array; readonly grantId: string; readonly generation: number; readonly expiresAt: Date },
) =>
  tx.run(sql`
    insert into auth.refresh_tokens (hash, grant_id, generation, expires_at)
    values (${token.hash}, ${token.grantId}, ${token.generation}, ${token.expiresAt})`)

export const refresh_use = (tx: Tx, hash: Uint8Array, keyId: string, now: Date) =>
  tx.run(sql`
    update auth.refresh_tokens set used_at = ${now}, key_id = ${keyId} where hash = ${hash} and used_at is null`)

export const refresh_count_try = (tx: Tx, hash: Uint8Array) =>
  tx.run(sql`update auth.refresh_tokens set tries = tries + 1 where hash = ${hash}`)
