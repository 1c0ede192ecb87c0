create table tracker.task_mappings (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  system text not null check (length(system) between 1 and 100),
  external_id text not null check (length(external_id) between 1 and 500),
  entry_id text not null,
  external_ref text check (length(external_ref) between 1 and 500),
  external_url text check (length(external_url) between 1 and 2000),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  -- One row a task: of many who sync the same task at once, one makes its entry.
  primary key (tenant_id, system, external_id),
  -- Checked at the commit: who has won the row then makes the entry.
  foreign key (tenant_id, entry_id) references tracker.entries (tenant_id, id) deferrable initially deferred
);
comment on table tracker.task_mappings is 'Which entry stands for which task of another system (Jira, Linear, Replit …). A task has one entry.';
comment on column tracker.task_mappings.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column tracker.task_mappings.system is 'Name of the other system, in lower case.';
comment on column tracker.task_mappings.external_id is 'Id of the task there.';
comment on column tracker.task_mappings.entry_id is 'The entry, of the same tenant.';
comment on column tracker.task_mappings.external_ref is 'What people call the task there, such as #386.';
comment on column tracker.task_mappings.external_url is 'Where the task is seen.';
comment on column tracker.task_mappings.created_at is 'When the two were first linked.';
comment on column tracker.task_mappings.updated_at is 'When the link was last changed.';

-- All of them, latest change first.
create index task_mappings_latest on tracker.task_mappings (tenant_id, updated_at desc, system, external_id);
create index task_mappings_of_entry on tracker.task_mappings (tenant_id, entry_id);

alter table tracker.task_mappings enable row level security;
alter table tracker.task_mappings force row level security;
create policy tenant on tracker.task_mappings
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on tracker.task_mappings from gatehouse_mcp;
grant update (entry_id, external_ref, external_url, updated_at) on tracker.task_mappings to gatehouse_mcp;

-- What a task of another system brings along when it is synced again.
grant update (title, description, type) on tracker.entries to gatehouse_mcp;
