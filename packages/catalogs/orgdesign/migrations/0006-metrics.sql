create table orgdesign.metrics (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  scenario_id text,
  plane text not null generated always as (coalesce(scenario_id, '')) stored,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  unit_id text not null,
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,63}$'),
  period date not null,
  value numeric(16, 4) not null,
  target numeric(16, 4),
  measure text not null check (length(measure) between 1 and 40),
  primary key (tenant_id, plane, id),
  unique (tenant_id, plane, unit_id, name, period),
  foreign key (tenant_id, scenario_id) references orgdesign.scenarios (tenant_id, id),
  foreign key (tenant_id, plane, unit_id) references orgdesign.units (tenant_id, plane, id)
);
comment on table orgdesign.metrics is 'What was measured of a unit, quarter by quarter.';
comment on column orgdesign.metrics.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column orgdesign.metrics.scenario_id is 'The scenario it is a row of; null = the baseline.';
comment on column orgdesign.metrics.plane is 'The scenario again, empty for the baseline, for keys.';
comment on column orgdesign.metrics.id is 'The same in the baseline and in every copy of it.';
comment on column orgdesign.metrics.unit_id is 'The unit, of the same tenant and plane.';
comment on column orgdesign.metrics.name is 'What was measured: attrition_rate, engagement_score, …';
comment on column orgdesign.metrics.period is 'First day of the quarter.';
comment on column orgdesign.metrics.value is 'What it came to.';
comment on column orgdesign.metrics.target is 'What was aimed at; null = nothing.';
comment on column orgdesign.metrics.measure is 'Of value and target: percent, days, points.';

create index metrics_latest on orgdesign.metrics (tenant_id, plane, period desc, id desc);
create index metrics_of_unit on orgdesign.metrics (tenant_id, plane, unit_id, period desc, id desc);
create index metrics_by_name on orgdesign.metrics (tenant_id, plane, name, period desc, id desc);

alter table orgdesign.metrics enable row level security;
alter table orgdesign.metrics force row level security;
create policy seen on orgdesign.metrics for select
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy owned on orgdesign.metrics to current_user
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke insert, update, delete on orgdesign.metrics from gatehouse_mcp;
create trigger changed_insert after insert on orgdesign.metrics
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_update after update on orgdesign.metrics
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_delete after delete on orgdesign.metrics
  referencing old table as touched for each statement execute function orgdesign.count_change();
