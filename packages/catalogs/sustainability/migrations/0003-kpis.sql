create table sustainability.kpi_indicators (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  code text not null check (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
  name text not null check (length(name) between 1 and 200),
  description text not null default '',
  unit text not null check (length(unit) between 1 and 40),
  direction text not null check (direction in ('lower_is_better', 'higher_is_better')),
  aggregation text not null check (aggregation in ('sum', 'average')),
  target numeric,
  target_year integer check (target_year between 2000 and 2200),
  primary key (tenant_id, id),
  constraint kpi_indicators_code_key unique (tenant_id, code)
);
comment on table sustainability.kpi_indicators is 'What an organisation measures itself by.';
comment on column sustainability.kpi_indicators.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.kpi_indicators.id is 'Unique in the tenant.';
comment on column sustainability.kpi_indicators.code is 'Short name, unique in the tenant.';
comment on column sustainability.kpi_indicators.name is 'Shown in lists.';
comment on column sustainability.kpi_indicators.description is 'What it tells.';
comment on column sustainability.kpi_indicators.unit is 'Unit of its values.';
comment on column sustainability.kpi_indicators.direction is 'Which way is good.';
comment on column sustainability.kpi_indicators.aggregation is 'How months become quarters and years.';
comment on column sustainability.kpi_indicators.target is 'Value to be reached; null = none.';
comment on column sustainability.kpi_indicators.target_year is 'When it is to be reached.';

alter table sustainability.kpi_indicators enable row level security;
alter table sustainability.kpi_indicators force row level security;
create policy tenant on sustainability.kpi_indicators
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.kpi_indicators from gatehouse_mcp;

create table sustainability.kpi_points (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  indicator_id text not null,
  site_id text,
  month date not null check (extract(day from month) = 1),
  value numeric not null,
  unique nulls not distinct (tenant_id, indicator_id, site_id, month),
  foreign key (tenant_id, indicator_id) references sustainability.kpi_indicators (tenant_id, id),
  foreign key (tenant_id, site_id) references sustainability.sites (tenant_id, id)
);
comment on table sustainability.kpi_points is 'Monthly values of indicators.';
comment on column sustainability.kpi_points.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.kpi_points.indicator_id is 'The indicator, of the same tenant.';
comment on column sustainability.kpi_points.site_id is 'The site, of the same tenant; null = the whole organisation.';
comment on column sustainability.kpi_points.month is 'First day of the month.';
comment on column sustainability.kpi_points.value is 'In the unit of the indicator.';

alter table sustainability.kpi_points enable row level security;
alter table sustainability.kpi_points force row level security;
create policy tenant on sustainability.kpi_points
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.kpi_points from gatehouse_mcp;
