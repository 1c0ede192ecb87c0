import { sql, type Tx } from '@gatehouse/database'
import type { Status } from './vocabulary.ts'

/** A task of another system. */
export interface Task {
  /** In lower case. */
  readonly system: string
  readonly externalId: string
}

export interface TaskMappingRow {
  readonly system: string
  readonly external_id: string
  readonly entry_id: string
  readonly external_ref: string | null
  readonly external_url: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

export interface TaskMappingDetailRow extends TaskMappingRow {
  readonly project_id: string
  readonly title: string
  readonly status: Status
}

/** Where the entry is, what people call the task, and where it is seen. */
export interface Link {
  readonly entryId: string
  readonly externalRef: string | null
  readonly externalUrl: string | null
}

/** `false`: the task is mapped already; whoever was mapping it meanwhile has been waited for. */
export async function insertTaskMapping(tx: Tx, task: Task, link: Link, now: Date): Promise<boolean> {
  const inserted = await tx.run(sql`
    insert into tracker.task_mappings
      (system, external_id, entry_id, external_ref, external_url, created_at, updated_at)
    values (${task.system}, ${task.externalId}, ${link.entryId}, ${link.externalRef}, ${link.externalUrl}, ${now}, ${now})
    on conflict (tenant_id, system, external_id) do nothing`)
  return inserted === 1
}

/** Holds the row until the end of the transaction. @throws when there is none: mappings are never removed */
export function lockTaskMapping(tx: Tx, { system, externalId }: Task): Promise<TaskMappingRow> {
  return tx.one<TaskMappingRow>(sql`
    select system, external_id, entry_id, external_ref, external_url, created_at, updated_at
    from tracker.task_mappings where system = ${system} and external_id = ${externalId} for update`)
}

export function updateTaskMapping(tx: Tx, { system, externalId }: Task, link: Link, now: Date): Promise<number> {
  return tx.run(sql`
    update tracker.task_mappings
    set entry_id = ${link.entryId}, external_ref = ${link.externalRef}, external_url = ${link.externalUrl},
      updated_at = greatest(updated_at, ${now})
    where system = ${system} and external_id = ${externalId}`)
}

/** Latest change first. */
export function listTaskMappings(tx: Tx, atMost: number): Promise<TaskMappingDetailRow[]> {
  return tx.rows<TaskMappingDetailRow>(sql`
    select m.system, m.external_id, m.entry_id, m.external_ref, m.external_url, m.created_at, m.updated_at,
      e.project_id, e.title, e.status
    from tracker.task_mappings m
    join tracker.entries e on e.tenant_id = m.tenant_id and e.id = m.entry_id
    order by m.updated_at desc, m.system, m.external_id
    limit ${atMost}`)
}
