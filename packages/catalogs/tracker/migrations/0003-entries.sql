create table tracker.entries (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  project_id text not null,
  title text not null check (length(title) between 1 and 500),
  type text not null check (type in (
    'feature_request', 'bug_report', 'feedback', 'validation',
    'documentation', 'platform_infrastructure', 'ci_cd', 'security'
  )),
  description text not null default '',
  priority text not null check (priority in ('low', 'medium', 'high', 'critical')),
  status text not null check (status in ('open', 'assigned', 'in_progress', 'deployed', 'solved')),
  reporter_id text not null check (length(reporter_id) between 1 and 200),
  assignee_id text check (length(assignee_id) between 1 and 200),
  comment_count integer not null default 0 check (comment_count >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  search tsvector not null generated always as (
    array_to_tsvector(array[chr(1) || tenant_id])
    || setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('simple', title), 'A')
    || setweight(to_tsvector('english', left(description, 100000)), 'B')
    || setweight(to_tsvector('simple', left(description, 100000)), 'B')
  ) stored,
  primary key (tenant_id, id),
  foreign key (tenant_id, project_id) references tracker.projects (tenant_id, id)
);
comment on table tracker.entries is 'Feature requests, bug reports, feedback and other work of a project.';
comment on column tracker.entries.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column tracker.entries.id is 'Unique in the tenant; may stand in URIs and in bus subjects.';
comment on column tracker.entries.project_id is 'The project, of the same tenant.';
comment on column tracker.entries.title is 'One line, at most 500 characters.';
comment on column tracker.entries.type is 'What kind of work it is.';
comment on column tracker.entries.description is 'Markdown; its first 100,000 characters are searched.';
comment on column tracker.entries.priority is 'low, medium, high or critical.';
comment on column tracker.entries.status is 'open, assigned, in_progress, deployed or solved.';
comment on column tracker.entries.reporter_id is 'Subject of the person, key or service that created it.';
comment on column tracker.entries.assignee_id is 'Subject of the person who works on it; null = nobody.';
comment on column tracker.entries.comment_count is 'Number of comments, kept with each comment in one transaction.';
comment on column tracker.entries.created_at is 'When it was created.';
comment on column tracker.entries.updated_at is 'When it was last changed or commented on.';
comment on column tracker.entries.search is
  'Words of title (A) and description (B), stemmed and as written, and the tenant as one lexeme that no text can contain.';

-- A project's entries, latest change first.
create index entries_latest on tracker.entries (tenant_id, project_id, updated_at desc, id);
-- Entries by status, counted from the index alone.
create index entries_by_status on tracker.entries (tenant_id, project_id, status);
create index entries_search on tracker.entries using gin (search);

alter table tracker.entries enable row level security;
alter table tracker.entries force row level security;
create policy tenant on tracker.entries
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on tracker.entries from gatehouse_mcp;
grant update (status, priority, assignee_id, comment_count, updated_at) on tracker.entries to gatehouse_mcp;
