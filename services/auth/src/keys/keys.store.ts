import { json, sql, type Tx } from '@gatehouse/database'
import type { JWK } from 'jose'

export interface RingRow {
  readonly id: string
  readonly publicJwk: JWK | null
  readonly sealed: Uint8Array
  readonly activeAt: Date
}

/** One at a time makes the first key of a ring. */
export const ring_lock = (tx: Tx, ring: string) =>
  tx.run(sql`select pg_advisory_xact_lock(hashtextextended(${`auth.ring.${ring}`}, 0))`)

export const ring_list = (tx: Tx, ring: string, now: Date) =>
  tx.rows<RingRow>(sql`
    select id, public_jwk as "publicJwk", sealed, active_at as "activeAt" from auth.ring_keys
    where ring = ${ring} and (retiring_at is null or retiring_at > ${now}) order by active_at, id`)

export const ring_insert = (tx: Tx, ring: string, key: RingRow, now: Date) =>
  tx.run(sql`
    insert into auth.ring_keys (ring, id, public_jwk, sealed, created_at, active_at)
    values (${ring}, ${key.id}, ${key.publicJwk === null ? null : json(key.publicJwk)}::jsonb, ${key.sealed}, ${now},
      ${key.activeAt})`)
