import { sql, type Tx } from '@gatehouse/database'

export const pushed_insert = (
  tx: Tx,
  of: {
    readonly hash: Uint8Array
    readonly clientId: string
    readonly parameters: string
    readonly now: Date
    readonly expiresAt: Date
  },
) =>
  tx.run(sql`
    insert into auth.pushed_requests (hash, client_id, parameters, created_at, expires_at)
    values (${of.hash}, ${of.clientId}, ${of.parameters}, ${of.now}, ${of.expiresAt})`)

/** Takes a request that this client pushed, for the one who comes first. */
export const pushed_use = (tx: Tx, hash: Uint8Array, clientId: string, now: Date) =>
  tx.maybe<{ readonly parameters: string }>(sql`
    update auth.pushed_requests set used_at = ${now}
    where hash = ${hash} and client_id = ${clientId} and used_at is null and expires_at > ${now} returning parameters`)
