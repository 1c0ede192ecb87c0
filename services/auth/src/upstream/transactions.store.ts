import { sql, type Tx } from '@gatehouse/database'

/** Somebody who was sent to a provider. */
export interface UpstreamTransaction {
  readonly providerId: string
  readonly browserHash: Uint8Array
  readonly requestId: string | null
  readonly next: string | null
  readonly linkPersonId: string | null
  readonly fresh: boolean
  readonly maxAge: number | null
  readonly createdAt: Date
}

export const upstream_transaction_insert = (
  tx: Tx,
  stateHash: Uint8Array,
  of: UpstreamTransaction & { readonly expiresAt: Date },
) =>
  tx.run(sql`
    insert into auth.upstream_transactions (state_hash, provider_id, browser_hash, request_id, next, link_person_id, fresh,
      max_age, created_at, expires_at)
    values (${stateHash}, ${of.providerId}, ${of.browserHash}, ${of.requestId}, ${of.next}, ${of.linkPersonId}, ${of.fresh},
      ${of.maxAge}, ${of.createdAt}, ${of.expiresAt})`)

/** For the first who brings it, from the same browser, to the callback of the same provider. */
export const upstream_transaction_take = (
  tx: Tx,
  stateHash: Uint8Array,
  of: { readonly providerId: string; readonly browserHash: Uint8Array; readonly now: Date },
) =>
  tx.maybe<UpstreamTransaction>(sql`
    delete from auth.upstream_transactions
    where state_hash = ${stateHash} and provider_id = ${of.providerId} and browser_hash = ${of.browserHash}
      and expires_at > ${of.now}
    returning provider_id as "providerId", browser_hash as "browserHash", request_id as "requestId", next,
      link_person_id as "linkPersonId", fresh, max_age as "maxAge", created_at as "createdAt"`)
