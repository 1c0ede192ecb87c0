create table tracker.projects (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  name text not null check (length(name) between 1 and 200),
  description text not null default '',
  created_at timestamptz not null,
  search tsvector not null generated always as (
    array_to_tsvector(array[chr(1) || tenant_id])
    || setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('simple', name), 'A')
    || setweight(to_tsvector('english', left(description, 100000)), 'B')
    || setweight(to_tsvector('simple', left(description, 100000)), 'B')
  ) stored,
  primary key (tenant_id, id)
);
comment on table tracker.projects is 'What entries are grouped by: a product, an app, a team''s area.';
comment on column tracker.projects.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column tracker.projects.id is 'Unique in the tenant; may stand in URIs and in bus subjects.';
comment on column tracker.projects.name is 'Shown in lists.';
comment on column tracker.projects.description is 'What the project is about, Markdown.';
comment on column tracker.projects.created_at is 'When it was created.';
comment on column tracker.projects.search is
  'Words of name (A) and description (B), stemmed and as written, and the tenant as one lexeme that no text can contain.';

create index projects_search on tracker.projects using gin (search);

alter table tracker.projects enable row level security;
alter table tracker.projects force row level security;
create policy tenant on tracker.projects
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on tracker.projects from gatehouse_mcp;
