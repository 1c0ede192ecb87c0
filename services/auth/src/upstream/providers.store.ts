import { sql, type Tx } from '@gatehouse/database'
import type { Provider } from './provider.ts'

export type ProviderRow = Omit<Provider, 'proof'> & { readonly sealed: Uint8Array }

const columns = sql`id, label, issuer, client_id as "clientId", sealed, scopes, authoritative_domains as "authoritativeDomains"`

export const provider_list = (tx: Tx) =>
  tx.rows<ProviderRow>(sql`select ${columns} from auth.upstream_providers where disabled_at is null order by label, id`)

/** Adds it, or replaces the one of that id. @returns nothing when another one has the issuer */
export const provider_upsert = (tx: Tx, row: ProviderRow, now: Date) =>
  tx.maybe<{ readonly id: string }>(sql`
    insert into auth.upstream_providers (id, label, issuer, client_id, sealed, scopes, authoritative_domains, created_at)
    select ${row.id}, ${row.label}, ${row.issuer}, ${row.clientId}, ${row.sealed}, ${row.scopes}::text[],
      ${row.authoritativeDomains}::text[], ${now}
    where not exists (select from auth.upstream_providers where issuer = ${row.issuer} and id <> ${row.id})
    on conflict (id) do update set label = excluded.label, issuer = excluded.issuer, client_id = excluded.client_id,
      sealed = excluded.sealed, scopes = excluded.scopes, authoritative_domains = excluded.authoritative_domains,
      disabled_at = null
    returning id`)

/** @returns whether there was one */
export const provider_delete = async (tx: Tx, id: string): Promise<boolean> =>
  (await tx.maybe(sql`delete from auth.upstream_providers where id = ${id} returning id`)) !== undefined
