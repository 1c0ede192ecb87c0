import { sql, type Tx } from '@gatehouse/database'

/** @returns 1 for the first, 0 for every repeat until it has expired */
export const assertion_claim = (tx: Tx, clientId: string, jtiHash: Uint8Array, expiresAt: Date) =>
  tx.run(sql`
    insert into auth.client_assertions (client_id, jti_hash, expires_at) values (${clientId}, ${jtiHash}, ${expiresAt})
    on conflict do nothing`)
