create table sustainability.imports (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  dataset_id text not null,
  file_name text not null default '' check (length(file_name) <= 200),
  content_sha256 text not null check (content_sha256 ~ '^[0-9a-f]{64}$'),
  status text not null check (status in ('previewed', 'applied')),
  row_count integer not null check (row_count >= 0),
  error_rows integer not null check (error_rows between 0 and row_count),
  errors jsonb not null default '[]',
  totals jsonb not null,
  created_by text not null check (length(created_by) between 1 and 200),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  applied_at timestamptz,
  applied_by text,
  primary key (tenant_id, id),
  check ((status = 'applied') = (applied_at is not null and applied_by is not null)),
  foreign key (tenant_id, dataset_id) references sustainability.datasets (tenant_id, id)
);
comment on table sustainability.imports is 'A CSV file that was looked at, and perhaps applied.';
comment on column sustainability.imports.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.imports.id is 'Unique in the tenant.';
comment on column sustainability.imports.dataset_id is 'Where its rows go, of the same tenant.';
comment on column sustainability.imports.file_name is 'As the person calls it.';
comment on column sustainability.imports.content_sha256 is 'Of the text; tells that a file was applied before.';
comment on column sustainability.imports.status is 'It is applied once.';
comment on column sustainability.imports.row_count is 'Rows of the file without its header.';
comment on column sustainability.imports.error_rows is 'Rows that cannot be applied.';
comment on column sustainability.imports.errors is 'The first of their faults: line, column, problem.';
comment on column sustainability.imports.totals is 'Of the rows that can be applied: their number, and kilograms of CO2 equivalent.';
comment on column sustainability.imports.created_by is 'Subject of the person, key or service that created it.';
comment on column sustainability.imports.created_at is 'When it was looked at.';
comment on column sustainability.imports.expires_at is 'After it, it can no longer be applied and may go.';
comment on column sustainability.imports.applied_at is 'When it was applied.';
comment on column sustainability.imports.applied_by is 'Subject of whoever applied it.';

create index imports_applied_content on sustainability.imports (tenant_id, dataset_id, content_sha256) where status = 'applied';
create index imports_waiting on sustainability.imports (tenant_id, created_by, created_at desc) where status = 'previewed';

alter table sustainability.imports enable row level security;
alter table sustainability.imports force row level security;
create policy tenant on sustainability.imports
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update on sustainability.imports from gatehouse_mcp;
grant update (status, totals, applied_at, applied_by) on sustainability.imports to gatehouse_mcp;

create table sustainability.import_rows (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  import_id text not null,
  line integer not null,
  site_id text not null,
  occurred_on date not null,
  quantity numeric(20, 6) not null check (quantity >= 0),
  unit text not null,
  factor_id text not null,
  factor_kg_co2e numeric(20, 8) not null,
  co2e_kg numeric(28, 6) not null,
  description text not null default '' check (length(description) <= 500),
  primary key (tenant_id, import_id, line),
  foreign key (tenant_id, import_id) references sustainability.imports (tenant_id, id) on delete cascade,
  foreign key (tenant_id, site_id) references sustainability.sites (tenant_id, id),
  foreign key (tenant_id, factor_id) references sustainability.emission_factors (tenant_id, id)
);
comment on table sustainability.import_rows is 'The rows of a previewed file that can be applied; they go when it is applied.';
comment on column sustainability.import_rows.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.import_rows.import_id is 'The import, of the same tenant.';
comment on column sustainability.import_rows.line is 'Line of the file.';
comment on column sustainability.import_rows.site_id is 'The site, of the same tenant.';
comment on column sustainability.import_rows.occurred_on is 'When it happened.';
comment on column sustainability.import_rows.quantity is 'How much.';
comment on column sustainability.import_rows.unit is 'Of what.';
comment on column sustainability.import_rows.factor_id is 'The emission factor, of the same tenant.';
comment on column sustainability.import_rows.factor_kg_co2e is 'Its value when the file was looked at.';
comment on column sustainability.import_rows.co2e_kg is 'Kilograms of CO2 equivalent that follow.';
comment on column sustainability.import_rows.description is 'Free text.';

alter table sustainability.import_rows enable row level security;
alter table sustainability.import_rows force row level security;
create policy tenant on sustainability.import_rows
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update on sustainability.import_rows from gatehouse_mcp;
