import { json, sql, type Tx } from '@gatehouse/database'
import type { JSONWebKeySet } from 'jose'

/** The last good copy of a key set that a client keeps elsewhere. */
export interface KeyCopy {
  readonly jwks: JSONWebKeySet
  readonly fetchedAt: Date
  readonly freshUntil: Date
}

export const client_keys_get = (tx: Tx, uri: string) =>
  tx.maybe<KeyCopy>(sql`
    select jwks, fetched_at as "fetchedAt", fresh_until as "freshUntil" from auth.client_keys where uri = ${uri}`)

export const client_keys_put = (tx: Tx, uri: string, copy: KeyCopy) =>
  tx.run(sql`
    insert into auth.client_keys (uri, jwks, fetched_at, fresh_until)
    values (${uri}, ${json(copy.jwks)}::jsonb, ${copy.fetchedAt}, ${copy.freshUntil})
    on conflict (uri) do update set jwks = excluded.jwks, fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until
    where client_keys.fetched_at <= excluded.fetched_at`)
