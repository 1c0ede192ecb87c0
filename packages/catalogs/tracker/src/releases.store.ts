import { sql, type Tx } from '@gatehouse/database'
import type { ReleaseStatus } from './vocabulary.ts'

export interface ReleaseRow {
  readonly id: string
  readonly project_id: string
  readonly name: string
  readonly description: string
  readonly status: ReleaseStatus
  /** `2026-05-31` */
  readonly target_date: string | null
  readonly created_at: Date
  readonly updated_at: Date
  readonly released_at: Date | null
}

export interface ReleaseDetailRow extends ReleaseRow {
  readonly project_name: string
}

const columns = sql`
  r.id, r.project_id, r.name, r.description, r.status, r.target_date, r.created_at, r.updated_at, r.released_at`

/** Latest change first. */
export function listReleases(tx: Tx, atMost: number): Promise<ReleaseDetailRow[]> {
  return tx.rows<ReleaseDetailRow>(sql`
    select ${columns}, p.name as project_name
    from tracker.releases r
    join tracker.projects p on p.tenant_id = r.tenant_id and p.id = r.project_id
    order by r.updated_at desc, r.id
    limit ${atMost}`)
}

export function insertRelease(
  tx: Tx,
  release: Pick<ReleaseRow, 'id' | 'project_id' | 'name' | 'description' | 'target_date'> & {
    readonly status: Exclude<ReleaseStatus, 'released'>
  },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    insert into tracker.releases (id, project_id, name, description, status, target_date, created_at, updated_at)
    values (${release.id}, ${release.project_id}, ${release.name}, ${release.description}, ${release.status},
      ${release.target_date}, ${now}, ${now})`)
}

/** Holds the row until the end of the transaction. */
export function lockRelease(tx: Tx, id: string): Promise<ReleaseRow | undefined> {
  return tx.maybe<ReleaseRow>(sql`select ${columns} from tracker.releases r where r.id = ${id} for update`)
}

export function updateRelease(
  tx: Tx,
  id: string,
  to: Pick<ReleaseRow, 'name' | 'description' | 'status' | 'target_date'>,
  now: Date,
): Promise<number> {
  return tx.run(sql`
    update tracker.releases
    set name = ${to.name}, description = ${to.description}, status = ${to.status}, target_date = ${to.target_date},
      updated_at = greatest(updated_at, ${now}),
      released_at = case when ${to.status} = 'released' then ${now}::timestamptz end
    where id = ${id}`)
}
