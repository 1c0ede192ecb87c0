import { sql, type Tx } from '@gatehouse/database'

export interface ApiKey {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  /** Prefix and last four characters. */
  readonly hint: string
  readonly scopes: readonly string[]
  readonly kind: 'organisation' | 'project'
  /** Of a key of the kind `project`, as the company names it. */
  readonly project: string | null
  /** Grows with each change of its scopes. */
  readonly version: number
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

const columns = sql`id, tenant_id as "tenantId", name, hint, scopes, kind, project, version, created_at as "createdAt",
  expires_at as "expiresAt"`

/** @returns 0 when the same key is there already */
export const key_insert = (tx: Tx, key: ApiKey & { readonly createdBy: string | null }, hash: Uint8Array) =>
  tx.run(sql`
    insert into auth.api_keys
      (id, tenant_id, name, hash, hint, scopes, kind, project, version, created_by, created_at, expires_at)
    values (${key.id}, ${key.tenantId}, ${key.name}, ${hash}, ${key.hint}, ${key.scopes}, ${key.kind}, ${key.project},
      ${key.version}, ${key.createdBy}, ${key.createdAt}, ${key.expiresAt})
    on conflict (hash) do nothing`)

/** Who made a key, with the role that the person has in its tenant now; both `null` for an operator's. */
export interface Made {
  readonly maker: string | null
  readonly makerRole: string | null
}

/** A key that is good now. */
export const key_get_by_hash = (tx: Tx, hash: Uint8Array, now: Date) =>
  tx.maybe<ApiKey & Made & { readonly usedAt: Date | null }>(sql`
    select ${columns}, used_at as "usedAt", created_by as maker, (
      select m.role from auth.memberships m join auth.people p on p.id = m.person_id
      where m.person_id = created_by and m.tenant_id = api_keys.tenant_id and p.deactivated_at is null
    ) as "makerRole"
    from auth.api_keys
    where hash = ${hash} and revoked_at is null and (expires_at is null or expires_at > ${now})`)

export const key_touch = (tx: Tx, id: string, now: Date) =>
  tx.run(sql`update auth.api_keys set used_at = ${now} where id = ${id}`)

export interface KeyEntry extends ApiKey {
  readonly usedAt: Date | null
  /** Name of the person who made it; nothing for an operator, and for somebody who is gone. */
  readonly createdBy: string | null
}

/** Keys of a tenant that were not taken back, newest first; those that have expired among them. */
export const key_list = (tx: Tx, tenantId: string) =>
  tx.rows<KeyEntry>(sql`
    select k.id, k.tenant_id as "tenantId", k.name, k.hint, k.scopes, k.kind, k.project, k.version,
      k.created_at as "createdAt", k.expires_at as "expiresAt", k.used_at as "usedAt", p.name as "createdBy"
    from auth.api_keys k left join auth.people p on p.id = k.created_by
    where k.tenant_id = ${tenantId} and k.revoked_at is null order by k.created_at desc, k.id`)

/** A living key, held until the end of the transaction. */
export const key_lock = (tx: Tx, id: string) =>
  tx.maybe<ApiKey>(sql`select ${columns} from auth.api_keys where id = ${id} and revoked_at is null for update`)

/** Part of a transaction that holds the key. */
export const key_change = (tx: Tx, { id, name, scopes, version }: Pick<ApiKey, 'id' | 'name' | 'scopes' | 'version'>) =>
  tx.run(sql`update auth.api_keys set name = ${name}, scopes = ${scopes}, version = ${version} where id = ${id}`)

export const key_revoke = (tx: Tx, id: string, now: Date) =>
  tx.maybe<{ readonly tenantId: string }>(sql`
    update auth.api_keys set revoked_at = ${now} where id = ${id} and revoked_at is null returning tenant_id as "tenantId"`)

/** Keys that a person made become other versions, in one tenant or, without one, in all. Part of a transaction that holds the person. */
export const key_renew_of_maker = (tx: Tx, personId: string, tenantId: string | undefined) =>
  tx.rows<Pick<ApiKey, 'id' | 'tenantId' | 'version'>>(sql`
    update auth.api_keys set version = version + 1
    where created_by = ${personId} and revoked_at is null
      and (${tenantId ?? null}::text is null or tenant_id = ${tenantId ?? null})
    returning id, tenant_id as "tenantId", version`)
