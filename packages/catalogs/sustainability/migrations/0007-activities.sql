create table sustainability.activities (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  dataset_id text not null,
  site_id text not null,
  occurred_on date not null,
  description text not null default '' check (length(description) <= 500),
  quantity numeric(20, 6) not null check (quantity >= 0),
  unit text not null check (unit in ('MJ', 'GJ', 'kWh', 'MWh', 'kg', 't', 'L', 'm3', 'km', 'mi', 'pkm', 'tkm', 'night', 'EUR', 'USD', 'piece')),
  factor_id text,
  factor_kg_co2e numeric(20, 8),
  co2e_kg numeric(28, 6),
  calculated_at timestamptz,
  import_id text,
  created_by text not null check (length(created_by) between 1 and 200),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  check (num_nulls(factor_id, factor_kg_co2e, co2e_kg, calculated_at) in (0, 4)),
  foreign key (tenant_id, dataset_id) references sustainability.datasets (tenant_id, id),
  foreign key (tenant_id, site_id) references sustainability.sites (tenant_id, id),
  foreign key (tenant_id, factor_id) references sustainability.emission_factors (tenant_id, id),
  foreign key (tenant_id, import_id) references sustainability.imports (tenant_id, id)
);
comment on table sustainability.activities is 'What was done or used, and what it emitted.';
comment on column sustainability.activities.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.activities.id is 'Unique in the tenant.';
comment on column sustainability.activities.dataset_id is 'The dataset, of the same tenant.';
comment on column sustainability.activities.site_id is 'The site, of the same tenant.';
comment on column sustainability.activities.occurred_on is 'When it happened; for a bill, the last day of its period.';
comment on column sustainability.activities.description is 'Free text.';
comment on column sustainability.activities.quantity is 'How much.';
comment on column sustainability.activities.unit is 'Of what.';
comment on column sustainability.activities.factor_id is 'The emission factor, of the same tenant; null = emissions are not known.';
comment on column sustainability.activities.factor_kg_co2e is 'Value of the factor when the emissions were calculated.';
comment on column sustainability.activities.co2e_kg is 'Kilograms of CO2 equivalent; null = not known.';
comment on column sustainability.activities.calculated_at is 'When they were calculated.';
comment on column sustainability.activities.import_id is 'The import that it came with, of the same tenant; null = none.';
comment on column sustainability.activities.created_by is 'Subject of the person, key or service that created it.';
comment on column sustainability.activities.created_at is 'When it was created.';
comment on column sustainability.activities.updated_at is 'When it was last changed.';

-- Lists, latest first; each also gives the order in which a range is recalculated.
create index activities_latest on sustainability.activities (tenant_id, occurred_on desc, id desc);
create index activities_of_dataset on sustainability.activities (tenant_id, dataset_id, occurred_on desc, id desc);
create index activities_of_site on sustainability.activities (tenant_id, site_id, occurred_on desc, id desc);

alter table sustainability.activities enable row level security;
alter table sustainability.activities force row level security;
create policy tenant on sustainability.activities
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.activities from gatehouse_mcp;
grant update (site_id, occurred_on, description, quantity, unit, factor_id, factor_kg_co2e, co2e_kg, calculated_at, updated_at)
  on sustainability.activities to gatehouse_mcp;
