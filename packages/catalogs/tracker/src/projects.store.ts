import { sql, type Tx } from '@gatehouse/database'

export interface ProjectRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly created_at: Date
}

/** With the release that is being worked on. */
export interface ProjectDetailRow extends ProjectRow {
  readonly release_id: string | null
  readonly release_name: string | null
  readonly release_target: string | null
}

export interface ProjectCountRow {
  readonly project_id: string
  readonly status: string
  readonly count: number
}

const projectDetail = sql`
    select p.id, p.name, p.description, p.created_at,
      r.id as release_id, r.name as release_name, r.target_date as release_target
    from tracker.projects p
    left join tracker.releases r on r.tenant_id = p.tenant_id and r.project_id = p.id and r.status = 'active'`

/** By name. */
export function listProjects(tx: Tx, atMost: number): Promise<ProjectDetailRow[]> {
  return tx.rows<ProjectDetailRow>(sql`${projectDetail} order by p.name, p.id limit ${atMost}`)
}

export function findProjectDetail(tx: Tx, id: string): Promise<ProjectDetailRow | undefined> {
  return tx.maybe<ProjectDetailRow>(sql`${projectDetail} where p.id = ${id}`)
}

/** Whose id begins with, or whose name contains, what was typed; by name. */
export function suggestProjects(tx: Tx, typed: string, atMost: number): Promise<ProjectRow[]> {
  return tx.rows<ProjectRow>(sql`
    select id, name, description, created_at from tracker.projects
    where starts_with(id, ${typed}) or strpos(lower(name), lower(${typed})) > 0
    order by name, id limit ${atMost}`)
}

export function insertProject(
  tx: Tx,
  project: { readonly id: string; readonly name: string; readonly description: string },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    insert into tracker.projects (id, name, description, created_at)
    values (${project.id}, ${project.name}, ${project.description}, ${now})`)
}

/** Holds the row until the end of the transaction. */
export function lockProject(tx: Tx, id: string): Promise<ProjectRow | undefined> {
  return tx.maybe<ProjectRow>(
    sql`select id, name, description, created_at from tracker.projects where id = ${id} for update`,
  )
}

export function updateProject(
  tx: Tx,
  id: string,
  to: { readonly name: string; readonly description: string },
): Promise<number> {
  return tx.run(sql`update tracker.projects set name = ${to.name}, description = ${to.description} where id = ${id}`)
}

export function findProject(tx: Tx, id: string): Promise<ProjectRow | undefined> {
  return tx.maybe<ProjectRow>(sql`select id, name, description, created_at from tracker.projects where id = ${id}`)
}

export function countEntriesByProject(tx: Tx): Promise<ProjectCountRow[]> {
  return tx.rows<ProjectCountRow>(sql`
    select project_id, status, count::int as count from tracker.entry_counts`)
}

export function countEntriesOfProject(tx: Tx, projectId: string): Promise<ProjectCountRow[]> {
  return tx.rows<ProjectCountRow>(sql`
    select project_id, status, count::int as count from tracker.entry_counts where project_id = ${projectId}`)
}
