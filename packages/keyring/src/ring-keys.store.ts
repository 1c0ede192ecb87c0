import { ident, json, type Sql, sql, type Tx } from '@gatehouse/database'
import type { JWK } from 'jose'

export interface RingRow {
  readonly id: string
  readonly publicJwk: JWK | null
  readonly sealed: Uint8Array
  readonly createdAt: Date
  readonly activeAt: Date
  readonly retiringAt: Date | null
}

/** Whose `ring_keys` it is. */
export type RingSchema = 'auth' | 'mcp' | 'audit'

export const tableOf = (schema: RingSchema): Sql => ident(`${schema}.ring_keys`)

/** One at a time changes a ring. */
export const ring_lock = (tx: Tx, schema: RingSchema, ring: string) =>
  tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`${schema}.ring.${ring}`}, 0))`)

/** By age; those that are retired are left out. */
export const ring_list = (tx: Tx, table: Sql, ring: string, now: Date) =>
  tx.rows<RingRow>(sql`
    select id, public_jwk as "publicJwk", sealed, created_at as "createdAt", active_at as "activeAt",
      retiring_at as "retiringAt"
    from ${table} where ring = ${ring} and (retiring_at is null or retiring_at > ${now}) order by active_at, id`)

export const ring_insert = (tx: Tx, table: Sql, ring: string, key: RingRow) =>
  tx.run(sql`
    insert into ${table} (ring, id, public_jwk, sealed, created_at, active_at, retiring_at)
    values (${ring}, ${key.id}, ${key.publicJwk === null ? null : json(key.publicJwk)}::jsonb, ${key.sealed},
      ${key.createdAt}, ${key.activeAt}, ${key.retiringAt})`)

export const ring_activate = (tx: Tx, table: Sql, ring: string, id: string, at: Date) =>
  tx.run(sql`update ${table} set active_at = ${at}, retiring_at = null where ring = ${ring} and id = ${id}`)

/** Every key but this one ends then, if not before. */
export const ring_retire_others = (tx: Tx, table: Sql, ring: string, id: string, at: Date) =>
  tx.run(sql`
    update ${table} set retiring_at = ${at}
    where ring = ${ring} and id <> ${id} and (retiring_at is null or retiring_at > ${at})`)
