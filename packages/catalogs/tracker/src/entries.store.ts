import { type Sql, sql, type Tx } from '@gatehouse/database'
import type { EntryType, Priority, Status } from './vocabulary.ts'

export interface EntryRow {
  readonly id: string
  readonly project_id: string
  readonly title: string
  readonly type: EntryType
  readonly priority: Priority
  readonly status: Status
  readonly reporter_id: string
  readonly assignee_id: string | null
  readonly comment_count: number
  readonly created_at: Date
  readonly updated_at: Date
}

/** With the names that the directory knows. */
export interface NamedEntryRow extends EntryRow {
  readonly reporter_name: string | null
  readonly assignee_name: string | null
}

export interface EntryDetailRow extends NamedEntryRow {
  readonly description: string
  readonly project_name: string
}

/** As it was when its row was locked. */
export interface LockedEntryRow extends EntryRow {
  readonly description: string
}

export interface NewEntry {
  readonly id: string
  readonly projectId: string
  readonly title: string
  readonly type: EntryType
  readonly description: string
  readonly priority: Priority
  readonly status: Status
  /** Subject of the reporter. */
  readonly by: string
  readonly assigneeId: string | null
}

export function insertEntry(tx: Tx, entry: NewEntry, now: Date): Promise<number> {
  return tx.run(sql`
    insert into tracker.entries
      (id, project_id, title, type, description, priority, status, reporter_id, assignee_id, created_at, updated_at)
    values (${entry.id}, ${entry.projectId}, ${entry.title}, ${entry.type}, ${entry.description}, ${entry.priority},
      ${entry.status}, ${entry.by}, ${entry.assigneeId}, ${now}, ${now})`)
}

/** Holds the row until the end of the transaction, so that what changed is judged against what stays. */
export function lockEntry(tx: Tx, id: string): Promise<LockedEntryRow | undefined> {
  return tx.maybe<LockedEntryRow>(sql`
    select id, project_id, title, type, description, priority, status, reporter_id, assignee_id, comment_count,
      created_at, updated_at
    from tracker.entries where id = ${id} for update`)
}

export function updateEntry(
  tx: Tx,
  id: string,
  to: { readonly status: Status; readonly priority: Priority; readonly assigneeId: string | null },
  now: Date,
): Promise<number> {
  return tx.run(sql`
    update tracker.entries
    set status = ${to.status}, priority = ${to.priority}, assignee_id = ${to.assigneeId},
      updated_at = greatest(updated_at, ${now})
    where id = ${id}`)
}

/** What another system tells of an entry. */
export interface Told {
  readonly title: string
  readonly description: string
  readonly type: EntryType
  readonly status: Status
  readonly priority: Priority
}

export function rewriteEntry(tx: Tx, id: string, to: Told, now: Date): Promise<number> {
  return tx.run(sql`
    update tracker.entries
    set title = ${to.title}, description = ${to.description}, type = ${to.type}, status = ${to.status},
      priority = ${to.priority}, updated_at = greatest(updated_at, ${now})
    where id = ${id}`)
}

/** Counts one more comment; `undefined` when there is no such entry. */
export function countComment(
  tx: Tx,
  id: string,
  now: Date,
): Promise<Pick<EntryRow, 'project_id' | 'title' | 'comment_count'> | undefined> {
  return tx.maybe(sql`
    update tracker.entries set comment_count = comment_count + 1, updated_at = greatest(updated_at, ${now})
    where id = ${id} returning project_id, title, comment_count`)
}

export function findEntry(tx: Tx, id: string): Promise<EntryDetailRow | undefined> {
  return tx.maybe<EntryDetailRow>(entryDetail(id))
}

/** One that this transaction made or holds. @throws when it is not there */
export function theEntry(tx: Tx, id: string): Promise<EntryDetailRow> {
  return tx.one<EntryDetailRow>(entryDetail(id))
}

const entryDetail = (id: string): Sql => sql`
    select e.id, e.project_id, p.name as project_name, e.title, e.type, e.description, e.priority, e.status,
      e.reporter_id, r.name as reporter_name, e.assignee_id, a.name as assignee_name,
      e.comment_count, e.created_at, e.updated_at
    from tracker.entries e
    join tracker.projects p on p.tenant_id = e.tenant_id and p.id = e.project_id
    left join tracker.people r on r.tenant_id = e.tenant_id and r.id = e.reporter_id
    left join tracker.people a on a.tenant_id = e.tenant_id and a.id = e.assignee_id
    where e.id = ${id}`

/** Open ones of this priority, latest change first. */
export function listOpenEntries(
  tx: Tx,
  projectId: string,
  priority: Priority,
  atMost: number,
): Promise<Pick<EntryRow, 'id' | 'title' | 'status' | 'type' | 'updated_at'>[]> {
  return tx.rows(sql`
    select id, title, status, type, updated_at from tracker.entries
    where project_id = ${projectId} and priority = ${priority} and status in ('open', 'assigned', 'in_progress')
    order by updated_at desc, id limit ${atMost}`)
}

/** Latest change first. */
export function listEntries(tx: Tx, projectId: string, atMost: number): Promise<NamedEntryRow[]> {
  return tx.rows<NamedEntryRow>(sql`
    select e.id, e.project_id, e.title, e.type, e.priority, e.status,
      e.reporter_id, r.name as reporter_name, e.assignee_id, a.name as assignee_name,
      e.comment_count, e.created_at, e.updated_at
    from tracker.entries e
    left join tracker.people r on r.tenant_id = e.tenant_id and r.id = e.reporter_id
    left join tracker.people a on a.tenant_id = e.tenant_id and a.id = e.assignee_id
    where e.project_id = ${projectId}
    order by e.updated_at desc, e.id
    limit ${atMost}`)
}
