import { sql, type Tx } from '@gatehouse/database'

/** When a document was last read. */
export interface DocumentCopy {
  readonly fetchedAt: Date
  readonly freshUntil: Date
}

export const document_get = (tx: Tx, clientId: string) =>
  tx.maybe<DocumentCopy>(sql`
    select fetched_at as "fetchedAt", fresh_until as "freshUntil" from auth.client_documents where client_id = ${clientId}`)

export const document_put = (tx: Tx, clientId: string, copy: DocumentCopy) =>
  tx.run(sql`
    insert into auth.client_documents (client_id, fetched_at, fresh_until)
    values (${clientId}, ${copy.fetchedAt}, ${copy.freshUntil})
    on conflict (client_id) do update set fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until`)
