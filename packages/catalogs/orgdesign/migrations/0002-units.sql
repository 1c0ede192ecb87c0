create table orgdesign.units (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  scenario_id text,
  plane text not null generated always as (coalesce(scenario_id, '')) stored,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  parent_id text,
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in ('company', 'division', 'department', 'group')),
  status text not null check (status in ('active', 'closed')),
  purpose text not null default '' check (length(purpose) <= 4000),
  lead text check (length(lead) between 1 and 200),
  drafted_at timestamptz,
  search tsvector not null generated always as (
    array_to_tsvector(array[chr(1) || tenant_id || chr(1) || coalesce(scenario_id, '')])
    || setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('simple', name), 'A')
    || setweight(to_tsvector('english', left(purpose, 100000)), 'B')
    || setweight(to_tsvector('simple', left(purpose, 100000)), 'B')
  ) stored,
  primary key (tenant_id, plane, id),
  foreign key (tenant_id, scenario_id) references orgdesign.scenarios (tenant_id, id),
  foreign key (tenant_id, plane, parent_id) references orgdesign.units (tenant_id, plane, id),
  check (parent_id is distinct from id)
);
comment on table orgdesign.units is 'Organisation units: a tree in the baseline and in each scenario.';
comment on column orgdesign.units.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column orgdesign.units.scenario_id is 'The scenario it is a row of; null = the baseline.';
comment on column orgdesign.units.plane is 'The scenario again, empty for the baseline, for keys.';
comment on column orgdesign.units.id is 'The same in the baseline and in every copy of it.';
comment on column orgdesign.units.parent_id is 'The unit above it, of the same tenant and plane; null = the top.';
comment on column orgdesign.units.name is 'Shown in lists.';
comment on column orgdesign.units.kind is 'company, division, department or group.';
comment on column orgdesign.units.status is 'active or closed.';
comment on column orgdesign.units.purpose is 'What it is there for.';
comment on column orgdesign.units.lead is 'Name of who leads it; null = nobody.';
comment on column orgdesign.units.drafted_at is 'When the scenario last made it other than it was copied; null = as copied.';
comment on column orgdesign.units.search is
  'Words of name (A) and purpose (B), stemmed and as written, and tenant and plane as one lexeme that no text can contain.';

create index units_by_name on orgdesign.units (tenant_id, plane, name, id);
create index units_below on orgdesign.units (tenant_id, plane, parent_id, name, id);
create index units_drafted on orgdesign.units (tenant_id, plane, drafted_at, id) where drafted_at is not null;
create index units_search on orgdesign.units using gin (search);

alter table orgdesign.units enable row level security;
alter table orgdesign.units force row level security;
create policy seen on orgdesign.units for select
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy owned on orgdesign.units to current_user
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke insert, update, delete on orgdesign.units from gatehouse_mcp;
create trigger changed_insert after insert on orgdesign.units
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_update after update on orgdesign.units
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_delete after delete on orgdesign.units
  referencing old table as touched for each statement execute function orgdesign.count_change();
-- Drafting reaches the rows of scenarios alone: the baseline cannot be written by the run-time role, whatever a statement says.
create policy drafted on orgdesign.units for update to gatehouse_mcp
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), '') and scenario_id is not null)
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), '') and scenario_id is not null);
create policy added on orgdesign.units for insert to gatehouse_mcp
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), '') and scenario_id is not null);
grant insert on orgdesign.units to gatehouse_mcp;
grant update (parent_id, status, drafted_at) on orgdesign.units to gatehouse_mcp;
