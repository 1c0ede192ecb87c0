create table orgdesign.placements (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  scenario_id text,
  plane text not null generated always as (coalesce(scenario_id, '')) stored,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  unit_id text not null,
  team_id text,
  title text not null check (length(title) between 1 and 200),
  person text check (length(person) between 1 and 200),
  employment text not null check (employment in ('employee', 'contractor')),
  fte numeric(4, 2) not null check (fte > 0 and fte <= 1),
  drafted_at timestamptz,
  search tsvector not null generated always as (
    array_to_tsvector(array[chr(1) || tenant_id || chr(1) || coalesce(scenario_id, '')])
    || setweight(to_tsvector('english', title), 'A')
    || setweight(to_tsvector('simple', title), 'A')
    || setweight(to_tsvector('english', left(coalesce(person, ''), 100000)), 'B')
    || setweight(to_tsvector('simple', left(coalesce(person, ''), 100000)), 'B')
  ) stored,
  primary key (tenant_id, plane, id),
  foreign key (tenant_id, scenario_id) references orgdesign.scenarios (tenant_id, id),
  foreign key (tenant_id, plane, unit_id) references orgdesign.units (tenant_id, plane, id),
  foreign key (tenant_id, plane, team_id) references orgdesign.teams (tenant_id, plane, id)
);
comment on table orgdesign.placements is 'Positions, and who holds them.';
comment on column orgdesign.placements.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column orgdesign.placements.scenario_id is 'The scenario it is a row of; null = the baseline.';
comment on column orgdesign.placements.plane is 'The scenario again, empty for the baseline, for keys.';
comment on column orgdesign.placements.id is 'The same in the baseline and in every copy of it.';
comment on column orgdesign.placements.unit_id is 'The unit that it is in, of the same tenant and plane.';
comment on column orgdesign.placements.team_id is 'The team of that unit that it works in; null = none.';
comment on column orgdesign.placements.title is 'The position.';
comment on column orgdesign.placements.person is 'Name of who holds it; null = vacant.';
comment on column orgdesign.placements.employment is 'employee or contractor.';
comment on column orgdesign.placements.fte is 'Part of full time, above 0 and at most 1.';
comment on column orgdesign.placements.drafted_at is 'When the scenario last made it other than it was copied; null = as copied.';
comment on column orgdesign.placements.search is
  'Words of title (A) and person (B), stemmed and as written, and tenant and plane as one lexeme that no text can contain.';

create index placements_by_title on orgdesign.placements (tenant_id, plane, title, id);
create index placements_of_unit on orgdesign.placements (tenant_id, plane, unit_id, title, id);
create index placements_of_team on orgdesign.placements (tenant_id, plane, team_id, title, id);
create index placements_vacant on orgdesign.placements (tenant_id, plane, title, id) where person is null;
-- Heads and full-time equivalents of units, counted from the index alone.
create index placements_counted on orgdesign.placements (tenant_id, plane, unit_id) include (fte, person);
create index placements_drafted on orgdesign.placements (tenant_id, plane, drafted_at, id) where drafted_at is not null;
create index placements_search on orgdesign.placements using gin (search);

alter table orgdesign.placements enable row level security;
alter table orgdesign.placements force row level security;
create policy seen on orgdesign.placements for select
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy owned on orgdesign.placements to current_user
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke insert, update, delete on orgdesign.placements from gatehouse_mcp;
create trigger changed_insert after insert on orgdesign.placements
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_update after update on orgdesign.placements
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_delete after delete on orgdesign.placements
  referencing old table as touched for each statement execute function orgdesign.count_change();
-- Drafting reaches the rows of scenarios alone: the baseline cannot be written by the run-time role, whatever a statement says.
create policy drafted on orgdesign.placements for update to gatehouse_mcp
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), '') and scenario_id is not null)
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), '') and scenario_id is not null);
grant update (unit_id, team_id, fte, drafted_at) on orgdesign.placements to gatehouse_mcp;
