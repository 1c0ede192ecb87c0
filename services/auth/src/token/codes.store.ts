import { sql, type Tx } from '@gatehouse/database'

export interface Code {
  readonly grantId: string
  readonly redirectUri: string
  readonly challenge: string
  readonly nonce: string | null
  readonly expiresAt: Date
  readonly consumedAt: Date | null
}

export const code_insert = (tx: Tx, code: Omit<Code, 'consumedAt'> & { readonly hash: Uint8Array }) =>
  tx.run(sql`
    insert into auth.codes (hash, grant_id, redirect_uri, challenge, nonce, expires_at)
    values (${code.hash}, ${code.grantId}, ${code.redirectUri}, ${code.challenge}, ${code.nonce}, ${code.expiresAt})`)

/** Which grant to hold before the code is looked at. */
export const code_get_grant = (tx: Tx, hash: Uint8Array) =>
  tx.maybe<{ readonly grantId: string }>(sql`select grant_id as "grantId" from auth.codes where hash = ${hash}`)

export const code_get = (tx: Tx, hash: Uint8Array) =>
  tx.one<Code>(sql`
    select grant_id as "grantId", redirect_uri as "redirectUri", challenge, nonce, expires_at as "expiresAt",
      consumed_at as "consumedAt"
    from auth.codes where hash = ${hash}`)

/** @returns 1 for the one exchange that gets it */
export const code_consume = (tx: Tx, hash: Uint8Array, now: Date) =>
  tx.run(sql`update auth.codes set consumed_at = ${now} where hash = ${hash} and consumed_at is null`)
