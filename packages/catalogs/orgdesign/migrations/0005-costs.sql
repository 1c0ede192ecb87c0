create table orgdesign.costs (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  scenario_id text,
  plane text not null generated always as (coalesce(scenario_id, '')) stored,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  unit_id text not null,
  category text not null check (category in ('salaries', 'contractors', 'software', 'facilities', 'travel', 'other')),
  label text not null check (length(label) between 1 and 200),
  annual_amount numeric(14, 2) not null check (annual_amount >= 0),
  currency text not null check (currency ~ '^[A-Z]{3}$'),
  drafted_at timestamptz,
  primary key (tenant_id, plane, id),
  foreign key (tenant_id, scenario_id) references orgdesign.scenarios (tenant_id, id),
  foreign key (tenant_id, plane, unit_id) references orgdesign.units (tenant_id, plane, id)
);
comment on table orgdesign.costs is 'What units cost in a year.';
comment on column orgdesign.costs.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column orgdesign.costs.scenario_id is 'The scenario it is a row of; null = the baseline.';
comment on column orgdesign.costs.plane is 'The scenario again, empty for the baseline, for keys.';
comment on column orgdesign.costs.id is 'The same in the baseline and in every copy of it.';
comment on column orgdesign.costs.unit_id is 'The unit that bears it, of the same tenant and plane.';
comment on column orgdesign.costs.category is 'salaries, contractors, software, facilities, travel or other.';
comment on column orgdesign.costs.label is 'What it is spent on.';
comment on column orgdesign.costs.annual_amount is 'Planned for a year, in the currency.';
comment on column orgdesign.costs.currency is 'ISO 4217.';
comment on column orgdesign.costs.drafted_at is 'When the scenario last made it other than it was copied; null = as copied.';

create index costs_by_amount on orgdesign.costs (tenant_id, plane, annual_amount desc, id desc);
create index costs_of_unit on orgdesign.costs (tenant_id, plane, unit_id, annual_amount desc, id desc);
-- Sums of units, from the index alone.
create index costs_counted on orgdesign.costs (tenant_id, plane, unit_id) include (category, currency, annual_amount);
create index costs_drafted on orgdesign.costs (tenant_id, plane, drafted_at, id) where drafted_at is not null;

alter table orgdesign.costs enable row level security;
alter table orgdesign.costs force row level security;
create policy seen on orgdesign.costs for select
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy owned on orgdesign.costs to current_user
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke insert, update, delete on orgdesign.costs from gatehouse_mcp;
create trigger changed_insert after insert on orgdesign.costs
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_update after update on orgdesign.costs
  referencing new table as touched for each statement execute function orgdesign.count_change();
create trigger changed_delete after delete on orgdesign.costs
  referencing old table as touched for each statement execute function orgdesign.count_change();
-- Drafting reaches the rows of scenarios alone: the baseline cannot be written by the run-time role, whatever a statement says.
create policy drafted on orgdesign.costs for update to gatehouse_mcp
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), '') and scenario_id is not null)
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), '') and scenario_id is not null);
grant update (annual_amount, drafted_at) on orgdesign.costs to gatehouse_mcp;
