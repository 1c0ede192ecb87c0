create table tracker.releases (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  project_id text not null,
  name text not null check (length(name) between 1 and 200),
  description text not null default '' check (length(description) <= 100000),
  status text not null check (status in ('planned', 'active', 'released')),
  target_date date,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  released_at timestamptz check ((released_at is not null) = (status = 'released')),
  primary key (tenant_id, id),
  foreign key (tenant_id, project_id) references tracker.projects (tenant_id, id)
);
comment on table tracker.releases is 'Versions of a project: planned, being worked on, or out. Written by the product, not by tools.';
comment on column tracker.releases.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column tracker.releases.id is 'Unique in the tenant; may stand in URIs and in bus subjects.';
comment on column tracker.releases.project_id is 'The project, of the same tenant.';
comment on column tracker.releases.name is 'What people call it: "2.4", "Spring".';
comment on column tracker.releases.description is 'What it brings, Markdown.';
comment on column tracker.releases.status is 'planned, active or released; released is the end.';
comment on column tracker.releases.target_date is 'When it should be out; null = nobody has said.';
comment on column tracker.releases.created_at is 'When it was created.';
comment on column tracker.releases.updated_at is 'When it was last changed.';
comment on column tracker.releases.released_at is 'When it came out; null until then.';

-- All of them, latest change first.
create index releases_latest on tracker.releases (tenant_id, updated_at desc, id);
-- The active release of a project is one, so that "the active release" has an answer.
create unique index releases_active on tracker.releases (tenant_id, project_id) where status = 'active';

alter table tracker.releases enable row level security;
alter table tracker.releases force row level security;
create policy tenant on tracker.releases
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on tracker.releases from gatehouse_mcp;
grant update (name, description, status, target_date, updated_at, released_at) on tracker.releases to gatehouse_mcp;

-- The product renames projects and tells what they are about.
grant update (name, description) on tracker.projects to gatehouse_mcp;
