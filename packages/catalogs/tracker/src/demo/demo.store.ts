import { json, sql, type Tx } from '@gatehouse/database'

/** Rows as the tables have them; each list goes in with one statement. */
export interface DemoRows {
  readonly people: readonly { readonly id: string; readonly name: string; readonly email: string }[]
  readonly projects: readonly {
    readonly id: string
    readonly name: string
    readonly description: string
    readonly created_at: Date
  }[]
  readonly entries: readonly {
    readonly id: string
    readonly project_id: string
    readonly title: string
    readonly type: string
    readonly description: string
    readonly priority: string
    readonly status: string
    readonly reporter_id: string
    readonly assignee_id: string | null
    readonly comment_count: number
    readonly created_at: Date
    readonly updated_at: Date
  }[]
  readonly comments: readonly {
    readonly id: string
    readonly entry_id: string
    readonly author_id: string
    readonly content: string
    readonly created_at: Date
  }[]
}

export async function hasProjects(tx: Tx): Promise<boolean> {
  return (await tx.one<{ found: boolean }>(sql`select exists (select from tracker.projects) as found`)).found
}

export function insertPeople(tx: Tx, rows: DemoRows['people']): Promise<number> {
  return tx.run(sql`
    insert into tracker.people (id, name, email)
    select id, name, email from jsonb_to_recordset(${json(rows)}::jsonb) as r (id text, name text, email text)
    on conflict do nothing`)
}

export function insertProjects(tx: Tx, rows: DemoRows['projects']): Promise<number> {
  return tx.run(sql`
    insert into tracker.projects (id, name, description, created_at)
    select id, name, description, created_at
    from jsonb_to_recordset(${json(rows)}::jsonb) as r (id text, name text, description text, created_at timestamptz)
    on conflict do nothing`)
}

export function insertEntries(tx: Tx, rows: DemoRows['entries']): Promise<number> {
  return tx.run(sql`
    insert into tracker.entries (id, project_id, title, type, description, priority, status, reporter_id, assignee_id,
      comment_count, created_at, updated_at)
    select id, project_id, title, type, description, priority, status, reporter_id, assignee_id,
      comment_count, created_at, updated_at
    from jsonb_to_recordset(${json(rows)}::jsonb) as r (id text, project_id text, title text, type text,
      description text, priority text, status text, reporter_id text, assignee_id text, comment_count integer,
      created_at timestamptz, updated_at timestamptz)
    on conflict do nothing`)
}

export function insertComments(tx: Tx, rows: DemoRows['comments']): Promise<number> {
  return tx.run(sql`
    insert into tracker.comments (id, entry_id, author_id, content, created_at)
    select id, entry_id, author_id, content, created_at
    from jsonb_to_recordset(${json(rows)}::jsonb)
      as r (id text, entry_id text, author_id text, content text, created_at timestamptz)
    on conflict do nothing`)
}
