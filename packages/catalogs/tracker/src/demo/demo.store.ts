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
  readonly releases: readonly {
    readonly id: string
    readonly project_id: string
    readonly name: string
    readonly description: string
    readonly status: string
    readonly target_date: string | null
    readonly created_at: Date
    readonly updated_at: Date
    readonly released_at: Date | null
  }[]
  readonly taskMappings: readonly {
    readonly system: string
    readonly external_id: string
    readonly entry_id: string
    readonly external_ref: string
    readonly external_url: string
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

export function insertReleases(tx: Tx, rows: DemoRows['releases']): Promise<number> {
  return tx.run(sql`
    insert into tracker.releases
      (id, project_id, name, description, status, target_date, created_at, updated_at, released_at)
    select id, project_id, name, description, status, target_date, created_at, updated_at, released_at
    from jsonb_to_recordset(${json(rows)}::jsonb) as r (id text, project_id text, name text, description text,
      status text, target_date date, created_at timestamptz, updated_at timestamptz, released_at timestamptz)
    on conflict do nothing`)
}

export function insertTaskMappings(tx: Tx, rows: DemoRows['taskMappings']): Promise<number> {
  return tx.run(sql`
    insert into tracker.task_mappings
      (system, external_id, entry_id, external_ref, external_url, created_at, updated_at)
    select system, external_id, entry_id, external_ref, external_url, created_at, updated_at
    from jsonb_to_recordset(${json(rows)}::jsonb) as r (system text, external_id text, entry_id text,
      external_ref text, external_url text, created_at timestamptz, updated_at timestamptz)
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
