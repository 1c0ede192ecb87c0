-- The baseline is the product's, and the run-time role cannot write it. What a tenant begins with comes in through this one function,
-- which does nothing where there is a baseline already.
create function orgdesign.found(rows jsonb) returns boolean
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
declare
  tenant constant text := nullif(current_setting('gatehouse.tenant', true), '');
begin
  if tenant is null then
    return false;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('orgdesign.found ' || tenant, 0));
  if exists (select from orgdesign.units u where u.tenant_id = tenant) then
    return false;
  end if;
  insert into orgdesign.scenarios (tenant_id, id, name, description, status, created_by, created_at, updated_at)
  select tenant, r.id, r.name, r.description, r.status, r.created_by, r.created_at, r.updated_at
  from jsonb_to_recordset(rows -> 'scenarios') as r (id text, name text, description text, status text, created_by text,
    created_at timestamptz, updated_at timestamptz);
  insert into orgdesign.units (tenant_id, scenario_id, id, parent_id, name, kind, status, purpose, lead, drafted_at)
  select tenant, r.scenario_id, r.id, r.parent_id, r.name, r.kind, r.status, r.purpose, r.lead, r.drafted_at
  from jsonb_to_recordset(rows -> 'units') as r (scenario_id text, id text, parent_id text, name text, kind text, status text,
    purpose text, lead text, drafted_at timestamptz);
  insert into orgdesign.teams (tenant_id, scenario_id, id, unit_id, name, kind, purpose)
  select tenant, r.scenario_id, r.id, r.unit_id, r.name, r.kind, r.purpose
  from jsonb_to_recordset(rows -> 'teams') as r (scenario_id text, id text, unit_id text, name text, kind text, purpose text);
  insert into orgdesign.placements (tenant_id, scenario_id, id, unit_id, team_id, title, person, employment, fte, drafted_at)
  select tenant, r.scenario_id, r.id, r.unit_id, r.team_id, r.title, r.person, r.employment, r.fte, r.drafted_at
  from jsonb_to_recordset(rows -> 'placements') as r (scenario_id text, id text, unit_id text, team_id text, title text, person text,
    employment text, fte numeric, drafted_at timestamptz);
  insert into orgdesign.costs (tenant_id, scenario_id, id, unit_id, category, label, annual_amount, currency, drafted_at)
  select tenant, r.scenario_id, r.id, r.unit_id, r.category, r.label, r.annual_amount, r.currency, r.drafted_at
  from jsonb_to_recordset(rows -> 'costs') as r (scenario_id text, id text, unit_id text, category text, label text,
    annual_amount numeric, currency text, drafted_at timestamptz);
  insert into orgdesign.metrics (tenant_id, scenario_id, id, unit_id, name, period, value, target, measure)
  select tenant, r.scenario_id, r.id, r.unit_id, r.name, r.period, r.value, r.target, r.measure
  from jsonb_to_recordset(rows -> 'metrics') as r (scenario_id text, id text, unit_id text, name text, period date, value numeric,
    target numeric, measure text);
  return true;
end
$$;
comment on function orgdesign.found(jsonb) is
  'Gives the transaction''s tenant its first baseline and scenarios; false, and nothing is done, where it has units already.';
revoke all on function orgdesign.found(jsonb) from public;
grant execute on function orgdesign.found(jsonb) to gatehouse_mcp;
