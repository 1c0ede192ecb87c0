import { sql, type Tx } from '@gatehouse/database'
import type { Member } from '../people/people.store.ts'

/** One generation of a family. The newest has no `usedAt`. */
export interface Generation {
  readonly generation: number
  readonly expiresAt: Date
  /** Ring key with which the successor was computed. */
  readonly keyId: string | null
  readonly usedAt: Date | null
  readonly tries: number
}

/** Which family, that is which grant, a token belongs to. */
export const refresh_get_grant = (tx: Tx, hash: Uint8Array) =>
  tx.maybe<{ readonly grantId: string }>(
    sql`select grant_id as "grantId" from auth.refresh_tokens where hash = ${hash}`,
  )

/** A generation, and the person that its family speaks for as a member of the tenant, if they still are one. */
export const refresh_get = (tx: Tx, hash: Uint8Array) =>
  tx.one<Generation & { readonly [K in keyof Member]: Member[K] | null }>(sql`
    select r.generation, r.expires_at as "expiresAt", r.key_id as "keyId", r.used_at as "usedAt", r.tries,
      m.person_id as id, p.email, p.name, m.role
    from auth.refresh_tokens r join auth.grants g on g.id = r.grant_id
      left join auth.people p on p.id = g.person_id and p.deactivated_at is null
      left join auth.memberships m on m.person_id = p.id and m.tenant_id = g.tenant_id
    where r.hash = ${hash}`)

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

/** How exactly it is known when a grant was last used. */
const TOUCH_MS = 60_000

/** Spends a generation and lets the next one in: the key of its successor, its time, and that of the grant, in one statement. */
export const refresh_rotate = (
  tx: Tx,
  of: {
    readonly hash: Uint8Array
    readonly keyId: string
    readonly now: Date
    readonly grantId: string
    readonly successor: { readonly hash: Uint8Array; readonly generation: number; readonly expiresAt: Date }
  },
) =>
  tx.run(sql`
    with spent as (
      update auth.refresh_tokens set used_at = ${of.now}, key_id = ${of.keyId}
      where hash = ${of.hash} and used_at is null returning hash
    ), touched as (
      update auth.grants set used_at = ${of.now}
      where id = ${of.grantId} and (used_at is null or used_at < ${new Date(of.now.getTime() - TOUCH_MS)})
    )
    insert into auth.refresh_tokens (hash, grant_id, generation, expires_at)
    select ${of.successor.hash}::bytea, ${of.grantId}, ${of.successor.generation}::integer,
      ${of.successor.expiresAt}::timestamptz from spent`)

export const refresh_count_try = (tx: Tx, hash: Uint8Array) =>
  tx.run(sql`update auth.refresh_tokens set tries = tries + 1 where hash = ${hash}`)
