import { json, sql, type Tx } from '@gatehouse/database'
import type { JSONWebKeySet } from 'jose'

/** A scope of one resource. */
export interface ResourceScope {
  readonly name: string
  /** For people. */
  readonly text: string
  readonly implies: readonly string[]
}

/** Something that tokens can be issued for. */
export interface Resource {
  /** Names it in the admin API; its `client_id` at introspection. */
  readonly id: string
  /** Exactly as it stands in `aud`. */
  readonly identifier: string
  readonly name: string
  readonly aliases: readonly string[]
  readonly scopes: readonly ResourceScope[]
  readonly defaultScopes: readonly string[]
  readonly tokenSeconds: number
  /** One of the profile follows the profile; others are an operator's. */
  readonly source: 'profile' | 'operator'
  /** How it proves itself at introspection; neither = not at all. */
  readonly secretHash: Uint8Array | null
  readonly jwks: JSONWebKeySet | null
}

/** What an operator can change. */
export type ResourceFacts = Pick<Resource, 'name' | 'aliases' | 'scopes' | 'defaultScopes' | 'tokenSeconds'>

const columns = sql`id, identifier, name, aliases, scopes, default_scopes as "defaultScopes", token_seconds as "tokenSeconds",
  source, secret_hash as "secretHash", jwks`

const stored = (jwks: JSONWebKeySet | null) => (jwks === null ? null : json(jwks))

export const resource_list = (tx: Tx) =>
  tx.rows<Resource>(sql`select ${columns} from auth.resources order by identifier`)

/** Until the end of the transaction nobody else registers or changes one: names and aliases must not overlap. */
export const resource_list_locked = async (tx: Tx): Promise<Resource[]> => {
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('auth.resources', 0))`)
  return resource_list(tx)
}

export const resource_get = (tx: Tx, id: string) =>
  tx.maybe<Resource>(sql`select ${columns} from auth.resources where id = ${id}`)

export const resource_insert = (tx: Tx, of: Resource) =>
  tx.run(sql`
    insert into auth.resources (id, identifier, name, aliases, scopes, default_scopes, token_seconds, source, secret_hash, jwks)
    values (${of.id}, ${of.identifier}, ${of.name}, ${of.aliases}, ${json(of.scopes)}::jsonb, ${of.defaultScopes},
      ${of.tokenSeconds}, ${of.source}, ${of.secretHash}, ${stored(of.jwks)}::jsonb)`)

/** A resource of the profile, as the profile has it. Keys of the profile win over a secret that an operator gave it. */
export const resource_upsert = (tx: Tx, of: Resource) =>
  tx.run(sql`
    insert into auth.resources (id, identifier, name, aliases, scopes, default_scopes, token_seconds, source, jwks)
    values (${of.id}, ${of.identifier}, ${of.name}, ${of.aliases}, ${json(of.scopes)}::jsonb, ${of.defaultScopes},
      ${of.tokenSeconds}, 'profile', ${stored(of.jwks)}::jsonb)
    on conflict (identifier) do update set name = excluded.name, aliases = excluded.aliases, scopes = excluded.scopes,
      default_scopes = excluded.default_scopes, token_seconds = excluded.token_seconds, source = excluded.source,
      jwks = coalesce(excluded.jwks, resources.jwks),
      secret_hash = case when excluded.jwks is null then resources.secret_hash end`)

export const resource_update = (tx: Tx, id: string, of: ResourceFacts) =>
  tx.one<Resource>(sql`
    update auth.resources set name = ${of.name}, aliases = ${of.aliases}, scopes = ${json(of.scopes)}::jsonb,
      default_scopes = ${of.defaultScopes}, token_seconds = ${of.tokenSeconds}
    where id = ${id} returning ${columns}`)

/** The credential that was there is no longer one. */
export const resource_update_credential = (tx: Tx, id: string, of: Pick<Resource, 'secretHash' | 'jwks'>) =>
  tx.maybe<Resource>(sql`
    update auth.resources set secret_hash = ${of.secretHash}, jwks = ${stored(of.jwks)}::jsonb
    where id = ${id} returning ${columns}`)

export const resource_delete = (tx: Tx, id: string) => tx.run(sql`delete from auth.resources where id = ${id}`)
