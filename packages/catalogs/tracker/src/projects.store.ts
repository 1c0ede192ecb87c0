import { sql, type Tx } from '@gatehouse/database'

export interface ProjectRow {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly created_at: Date
}

export interface ProjectCountRow {
  readonly project_id: string
  readonly status: string
  readonly count: number
}

export function listProjects(tx: Tx): Promise<ProjectRow[]> {
  return tx.rows<ProjectRow>(sql`select id, name, description, created_at from tracker.projects order by name, id`)
}

export function findProject(tx: Tx, id: string): Promise<ProjectRow | undefined> {
  return tx.maybe<ProjectRow>(sql`select id, name, description, created_at from tracker.projects where id = ${id}`)
}

export function countEntriesByProject(tx: Tx): Promise<ProjectCountRow[]> {
  return tx.rows<ProjectCountRow>(sql`
    select project_id, status, count(*)::int as count from tracker.entries group by project_id, status`)
}

export function countEntriesOfProject(tx: Tx, projectId: string): Promise<ProjectCountRow[]> {
  return tx.rows<ProjectCountRow>(sql`
    select project_id, status, count(*)::int as count from tracker.entries
    where project_id = ${projectId} group by project_id, status`)
}
