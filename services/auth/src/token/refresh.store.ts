import { type Database, type Sql, sql, type Tx } from '@gatehouse/database'
import type { Grant } from '../grants/grants.store.ts'
import type { Member } from '../people/people.store.ts'

/** One generation of a family. The newest has no `usedAt`. */
export interface Generation {
  readonly generation: number
  readonly expiresAt: Date
  readonly usedAt: Date | null
  readonly tries: number
}

/** A token with all that its use is judged by. */
export interface Family {
  readonly hash: Uint8Array
  readonly grant: Omit<Grant, 'consentId'>
  readonly presented: Generation
  /** The person that it speaks for, in the organisation where it does; absent when they belong to it no longer, or to none. */
  readonly member: (Member & { readonly tenantId: string }) | undefined
}

/** Which family, that is which grant, a token belongs to. */
export const refresh_get_grant = (tx: Tx, hash: Uint8Array) =>
  tx.maybe<{ readonly grantId: string }>(
    sql`select grant_id as "grantId" from auth.refresh_tokens where hash = ${hash}`,
  )

type FamilyRow = Generation &
  Omit<Grant, 'id' | 'consentId'> & { readonly [K in keyof Member]: Member[K] | null } & {
    readonly hash: Uint8Array
    readonly grantId: string
    readonly memberOf: string | null
  }

/** @param follows whether tokens speak for the organisation that their person has selected, and not for the one of their grant */
const families = (which: Sql, follows: boolean) => sql`
  select r.hash, r.generation, r.expires_at as "expiresAt", r.used_at as "usedAt", r.tries,
    g.id as "grantId", g.tenant_id as "tenantId", g.person_id as "personId", g.client_id as "clientId", g.resources,
    g.scopes, g.auth_time as "authTime", g.created_at as "createdAt", g.ended_at as "endedAt",
    m.id, m.email, m.name, m.role, m.role_since as "roleSince", m.tenant_id as "memberOf"
  from auth.refresh_tokens r join auth.grants g on g.id = r.grant_id left join lateral (
    select p.id, p.email, p.name, m.role, m.role_since, m.tenant_id
    from auth.people p join auth.memberships m on m.person_id = p.id join auth.tenants t on t.id = m.tenant_id
    where p.id = g.person_id and p.deactivated_at is null ${follows ? ANY_OF_THEIRS : OF_THE_GRANT}
    order by (p.tenant_id is not distinct from m.tenant_id) desc, m.created_at, t.slug limit 1) m on true
  where ${which}`

const ANY_OF_THEIRS = sql``
const OF_THE_GRANT = sql`and m.tenant_id = g.tenant_id`

function familyOf(row: FamilyRow): Family {
  const { generation, expiresAt, usedAt, tries, id, email, name, role, roleSince, memberOf } = row
  const { grantId, tenantId, personId, clientId, resources, scopes, authTime, createdAt, endedAt } = row
  const gone = id === null || email === null || name === null || role === null || memberOf === null
  return {
    hash: row.hash,
    grant: { id: grantId, tenantId, personId, clientId, resources, scopes, authTime, createdAt, endedAt },
    presented: { generation, expiresAt, usedAt, tries },
    member: gone ? undefined : { id, email, name, role, roleSince, tenantId: memberOf },
  }
}

/** Nothing when the token is none of ours. */
export const refresh_get = async (tx: Tx, hash: Uint8Array, follows: boolean): Promise<Family | undefined> => {
  const row = await tx.maybe<FamilyRow>(families(sql`r.hash = ${hash}`, follows))
  return row && familyOf(row)
}

/** Those of these that there are, in one round trip and held by nobody. */
export const refresh_read = async (
  db: Database,
  hashes: readonly Uint8Array[],
  follows: boolean,
): Promise<readonly Family[]> =>
  (await db.readAsPlatform<FamilyRow>('refresh', families(sql`r.hash = any(${hashes})`, follows))).map(familyOf)

/** The key ids by which the newest token follows from the one of this generation, in order. */
export const refresh_list_chain = (tx: Tx, grantId: string, from: number) =>
  tx.rows<{ readonly keyId: string }>(sql`
    select key_id as "keyId" from auth.refresh_tokens
    where grant_id = ${grantId} and generation >= ${from} and used_at is not null order by generation`)

export const refresh_insert = (
  tx: Tx,
  token: { readonly hash: Uint8Array; readonly grantId: string; readonly generation: number; readonly expiresAt: Date },
) =>
  tx.run(sql`
    insert into auth.refresh_tokens (hash, grant_id, generation, expires_at)
    values (${token.hash}, ${token.grantId}, ${token.generation}, ${token.expiresAt})`)

/** How exactly it is known when a grant was last used. */
const TOUCH_MS = 60_000

/** A generation that is spent, and the one that comes of it. */
export interface Rotation {
  readonly hash: Uint8Array
  /** Of the ring key by which the successor was computed. */
  readonly keyId: string
  readonly now: Date
  readonly grantId: string
  readonly successor: { readonly hash: Uint8Array; readonly generation: number; readonly expiresAt: Date }
}

/** Spends a generation and lets the next one in: the key of its successor, its time, and that of the grant, in one statement. */
const rotation = ({ hash, keyId, now, grantId, successor }: Rotation, held: Sql) => sql`
  with held as materialized (${held}), spent as (
    update auth.refresh_tokens r set used_at = ${now}, key_id = ${keyId} from held
    where r.hash = ${hash} and r.used_at is null and r.grant_id = held.id and held.ended_at is null returning r.hash
  ), touched as (
    update auth.grants g set used_at = ${now} from spent
    where g.id = ${grantId} and (g.used_at is null or g.used_at < ${new Date(now.getTime() - TOUCH_MS)})
  )
  insert into auth.refresh_tokens (hash, grant_id, generation, expires_at)
  select ${successor.hash}::bytea, ${grantId}, ${successor.generation}::integer, ${successor.expiresAt}::timestamptz
  from spent`

/** Of a grant that is held. */
export const refresh_rotate = (tx: Tx, of: Rotation) =>
  tx.run(rotation(of, sql`select ${of.grantId}::text as id, null as ended_at`))

/**
 * Of a grant that is living and that nobody else holds, which the statement itself sees to; it waits for nobody, so that what stands in it as its
 * time is when it was done. @param make called just before it is sent
 * @returns 1 when the token was the newest and has been spent by this; 0 when nothing was done
 */
export const refresh_rotate_at_once = (db: Database, make: () => Rotation) =>
  db.writeAsPlatform('refresh', () => {
    const of = make()
    const held = sql`select id, ended_at from auth.grants where id = ${of.grantId} for no key update skip locked`
    return rotation(of, held)
  })

export const refresh_count_try = (tx: Tx, hash: Uint8Array) =>
  tx.run(sql`update auth.refresh_tokens set tries = tries + 1 where hash = ${hash}`)
