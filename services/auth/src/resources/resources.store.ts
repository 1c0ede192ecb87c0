import { sql, type Tx } from '@gatehouse/database'

/** Something that tokens can be issued for. */
export interface Resource {
  /** Exactly as it stands in `aud`. */
  readonly identifier: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly scopes: readonly string[]
  readonly tokenSeconds: number
}

export const resource_list = (tx: Tx) =>
  tx.rows<Resource>(sql`
    select identifier, name, aliases, scopes, token_seconds as "tokenSeconds" from auth.resources order by identifier`)

export const resource_upsert = (tx: Tx, resource: Resource) =>
  tx.run(sql`
    insert into auth.resources (identifier, name, aliases, scopes, token_seconds)
    values (${resource.identifier}, ${resource.name}, ${resource.aliases}, ${resource.scopes}, ${resource.tokenSeconds})
    on conflict (identifier) do update set name = excluded.name, aliases = excluded.aliases, scopes = excluded.scopes,
      token_seconds = excluded.token_seconds`)
