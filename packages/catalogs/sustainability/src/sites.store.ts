import { sql, type Tx } from '@gatehouse/database'
import type { SiteKind, SiteStatus } from './vocabulary.ts'
import { every, when } from './where.ts'

export interface SiteRow {
  readonly id: string
  readonly code: string
  readonly name: string
  readonly kind: SiteKind
  readonly country: string
  readonly city: string
  readonly floor_area_m2: number | null
  readonly status: SiteStatus
  readonly updated_at: Date
}

export interface NewSite {
  readonly code: string
  readonly name: string
  readonly kind: SiteKind
  readonly country: string
  readonly city: string
  readonly floorAreaM2: number | null
}

export type SiteChange = { readonly [K in keyof NewSite]?: NewSite[K] | undefined } & {
  readonly status?: SiteStatus | undefined
}

const columns = sql`id, code, name, kind, country, city, floor_area_m2::float8 as floor_area_m2, status, updated_at`

/** By code. */
export function listSites(
  tx: Tx,
  of: {
    readonly status?: SiteStatus | undefined
    readonly like?: string | undefined
    readonly after?: string | undefined
    readonly atMost: number
  },
): Promise<SiteRow[]> {
  return tx.rows<SiteRow>(sql`
    select ${columns} from sustainability.sites
    where ${every(
      when(of.status, (status) => sql`status = ${status}`),
      when(of.like, (like) => sql`position(lower(${like}) in lower(code || ' ' || name || ' ' || city)) > 0`),
      when(of.after, (after) => sql`code > ${after}`),
    )}
    order by code limit ${of.atMost}`)
}

export function findSite(tx: Tx, id: string): Promise<Pick<SiteRow, 'id' | 'status'> | undefined> {
  return tx.maybe(sql`select id, status from sustainability.sites where id = ${id}`)
}

/** Holds it until the transaction ends: nobody archives it meanwhile. */
export function holdSite(tx: Tx, id: string): Promise<Pick<SiteRow, 'id' | 'status'> | undefined> {
  return tx.maybe(sql`select id, status from sustainability.sites where id = ${id} for share`)
}

/** `undefined` when another site has the code. */
export function insertSite(tx: Tx, id: string, site: NewSite, now: Date): Promise<SiteRow | undefined> {
  return tx.maybe<SiteRow>(sql`
    insert into sustainability.sites (id, code, name, kind, country, city, floor_area_m2, created_at, updated_at)
    values (${id}, ${site.code}, ${site.name}, ${site.kind}, ${site.country}, ${site.city}, ${site.floorAreaM2}, ${now}, ${now})
    on conflict on constraint sites_code_key do nothing
    returning ${columns}`)
}

/** @throws with code 23505 when another site has the code */
export function updateSite(tx: Tx, id: string, to: SiteChange, now: Date): Promise<SiteRow | undefined> {
  const area = to.floorAreaM2 === undefined ? sql`floor_area_m2` : sql`${to.floorAreaM2}::numeric`
  return tx.maybe<SiteRow>(sql`
    update sustainability.sites
    set code = coalesce(${to.code ?? null}, code), name = coalesce(${to.name ?? null}, name),
      kind = coalesce(${to.kind ?? null}, kind), country = coalesce(${to.country ?? null}, country),
      city = coalesce(${to.city ?? null}, city), floor_area_m2 = ${area}, status = coalesce(${to.status ?? null}, status),
      updated_at = greatest(updated_at, ${now})
    where id = ${id} returning ${columns}`)
}

/** Sites by the codes that files name. */
export function sitesByCode(tx: Tx, codes: readonly string[]): Promise<Pick<SiteRow, 'id' | 'code' | 'status'>[]> {
  return tx.rows(sql`select id, code, status from sustainability.sites where code = any(${codes}::text[])`)
}
