create table orgdesign.teams (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  scenario_id text,
  plane text not null generated always as (coalesce(scenario_id, '')) stored,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  unit_id text not null,
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in ('delivery', 'platform', 'enabling', 'operations')),
  purpose text not null default '' check (length(purpose) <= 4000),
  search tsvector not null generated always as (
    array_to_tsvector(array[chr(1) || tenant_id || chr(1) || coalesce(scenario_id, '')])
    || setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('simple', name), 'A')
    || setweight(to_tsvector('english', left(purpose, 100000)), 'B')
    || setweight(to_tsvector('simple', left(purpose, 100000)), 'B')
  ) stored,
  primary key (tenant_id, plane, id),
  foreign key (tenant_id, scenario_id) references orgdesign.scenarios (tenant_id, id),
  foreign key (tenant_id, plane, unit_id) references orgdesign.units (tenant_id, plane, id)
);
comment on table orgdesign.teams is 'People of a unit who work on the same thing.';
comment on column orgdesign.teams.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column orgdesign.teams.scenario_id is 'The scenario it is a row of; null = the baseline.';
comment on column orgdesign.teams.plane is 'The scenario again, empty for the baseline, for keys.';
comment on column orgdesign.teams.id is 'The same in the baseline and in every copy of it.';
comment on column orgdesign.teams.unit_id is 'The unit it belongs to, of the same tenant and plane.';
comment on column orgdesign.teams.name is 'Shown in lists.';
comment on column orgdesign.teams.kind is 'delivery, platform, enabling or operations.';
comment on column orgdesign.teams.purpose is 'What it works on.';
comment on column orgdesign.teams.search is
  'Words of name (A) and purpose (B), stemmed and as written, and tenant and plane as one lexeme that no text can contain.';

create index teams_by_name on orgdesign.teams (tenant_id, plane, name, id);
create index teams_of_unit on orgdesign.teams (tenant_id, plane, unit_id, name, id);
create index teams_search on orgdesign.teams using gin (search);

alter table orgdesign.teams enable row level security;
alter table orgdesign.teams force row level security;
create policy seen on orgdesign.teams for select
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy owned on orgdesign.teams to current_user
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke insert, update, delete on orgdesign.teams from gatehouse_mcp;
create trigger changed_insert after insert on orgdesign.teams
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_update after update on orgdesign.teams
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_delete after delete on orgdesign.teams
  referencing old table as touched for each statement execute function orgdesign.count_change();
