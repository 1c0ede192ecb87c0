-- Every other table has two kinds of rows: the baseline (scenario_id is null) and, for each scenario, a copy of it that is worked on.
-- `plane` says which of them a row belongs to, and is never null, so that keys and foreign keys can hold it.
create table orgdesign.scenarios (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  name text not null check (length(name) between 1 and 200),
  description text not null default '',
  status text not null check (status in ('draft', 'in_review', 'approved', 'archived')),
  revision bigint not null default 0 check (revision >= 0),
  created_by text not null check (length(created_by) between 1 and 200),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
comment on table orgdesign.scenarios is 'What the organisation might become. The product makes, promotes and restores them; here they are read and drafted in.';
comment on column orgdesign.scenarios.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column orgdesign.scenarios.id is 'Unique in the tenant; may stand in URIs and in bus subjects.';
comment on column orgdesign.scenarios.name is 'Shown in lists.';
comment on column orgdesign.scenarios.description is 'What it is for, Markdown.';
comment on column orgdesign.scenarios.status is 'draft (the only one that can be changed), in_review, approved or archived.';
comment on column orgdesign.scenarios.revision is 'Grows with every change of a row of the scenario, whoever makes it: what was planned on an older one is stale.';
comment on column orgdesign.scenarios.created_by is 'Subject of the person that made it.';
comment on column orgdesign.scenarios.created_at is 'When it was made.';
comment on column orgdesign.scenarios.updated_at is 'When it was last changed here.';

-- A tenant's scenarios, latest change first.
create index scenarios_latest on orgdesign.scenarios (tenant_id, updated_at desc, id desc);

alter table orgdesign.scenarios enable row level security;
alter table orgdesign.scenarios force row level security;
create policy tenant on orgdesign.scenarios
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke insert, update, delete on orgdesign.scenarios from gatehouse_mcp;
-- For the lock, and for the counting of changes; the status stays the product's.
grant update (revision, updated_at) on orgdesign.scenarios to gatehouse_mcp;

create function orgdesign.count_change() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  update orgdesign.scenarios s set revision = s.revision + 1
  from (select distinct tenant_id, scenario_id from touched where scenario_id is not null) t
  where s.tenant_id = t.tenant_id and s.id = t.scenario_id;
  return null;
end
$$;
comment on function orgdesign.count_change() is 'After each statement that changes rows of a scenario: its revision grows.';
revoke all on function orgdesign.count_change() from public;
