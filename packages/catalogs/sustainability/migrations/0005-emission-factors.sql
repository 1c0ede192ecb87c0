-- How much of its dimension's base one unit is: joules are counted in MJ, masses in kg, volumes in litres, lengths in km.
-- Units of one dimension convert into each other; all others only into themselves.
create function sustainability.unit_scale(unit text) returns numeric
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case unit
    when 'MJ' then 1 when 'GJ' then 1000 when 'kWh' then 3.6 when 'MWh' then 3600
    when 'kg' then 1 when 't' then 1000
    when 'L' then 1 when 'm3' then 1000
    when 'km' then 1 when 'mi' then 1.609344
    else 1
  end::numeric
$$;
comment on function sustainability.unit_scale(text) is 'One of this unit in the base of its dimension; 1 for a unit that converts into no other.';

create function sustainability.unit_dimension(unit text) returns text
language sql immutable parallel safe
set search_path = pg_catalog, pg_temp
as $$
  select case
    when unit in ('MJ', 'GJ', 'kWh', 'MWh') then 'energy'
    when unit in ('kg', 't') then 'mass'
    when unit in ('L', 'm3') then 'volume'
    when unit in ('km', 'mi') then 'length'
    else unit
  end
$$;
comment on function sustainability.unit_dimension(text) is 'Units of one dimension convert into each other.';
revoke all on function sustainability.unit_scale(text), sustainability.unit_dimension(text) from public;
grant execute on function sustainability.unit_scale(text), sustainability.unit_dimension(text) to gatehouse_mcp;

create table sustainability.emission_factors (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  code text not null check (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
  name text not null check (length(name) between 1 and 300),
  category text not null check (category in ('electricity', 'heat', 'fuel', 'vehicles', 'travel', 'freight', 'goods', 'waste', 'water')),
  ghg_scope smallint not null check (ghg_scope between 1 and 3),
  region text not null check (length(region) between 1 and 60),
  year integer not null check (year between 1990 and 2200),
  source text not null check (length(source) between 1 and 300),
  unit text not null check (length(unit) between 1 and 20),
  kg_co2e numeric(20, 8) not null check (kg_co2e >= 0),
  updated_at timestamptz not null,
  search tsvector not null generated always as (
    array_to_tsvector(array[chr(1) || tenant_id])
    || setweight(to_tsvector('english', name), 'A')
    || setweight(to_tsvector('simple', name), 'A')
    || setweight(to_tsvector('simple', code || ' ' || region || ' ' || category || ' ' || source || ' ' || year::text), 'B')
  ) stored,
  primary key (tenant_id, id),
  constraint emission_factors_code_key unique (tenant_id, code)
);
comment on table sustainability.emission_factors is 'How much is emitted by one unit of an activity.';
comment on column sustainability.emission_factors.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.emission_factors.id is 'Unique in the tenant.';
comment on column sustainability.emission_factors.code is 'Short name, unique in the tenant; imports name factors by it.';
comment on column sustainability.emission_factors.name is 'What it is for.';
comment on column sustainability.emission_factors.category is 'Of what activities.';
comment on column sustainability.emission_factors.ghg_scope is 'GHG Protocol: 1 own sources, 2 bought energy, 3 all others.';
comment on column sustainability.emission_factors.region is 'Where it holds: a country, or a region of the world.';
comment on column sustainability.emission_factors.year is 'Year of publication.';
comment on column sustainability.emission_factors.source is 'Who published it.';
comment on column sustainability.emission_factors.unit is 'Of what it is per one.';
comment on column sustainability.emission_factors.kg_co2e is 'Kilograms of CO2 equivalent per unit.';
comment on column sustainability.emission_factors.updated_at is 'When it was last changed.';
comment on column sustainability.emission_factors.search is
  'Words of the name (A), of code, region, category, source and year (B), and the tenant as one lexeme that no text can contain.';

create index emission_factors_search on sustainability.emission_factors using gin (search);
create index emission_factors_by_category on sustainability.emission_factors (tenant_id, category, code);

alter table sustainability.emission_factors enable row level security;
alter table sustainability.emission_factors force row level security;
create policy tenant on sustainability.emission_factors
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.emission_factors from gatehouse_mcp;

-- `@@` is not leakproof: under row-level security it would be evaluated after the policy, without its index. So search runs as
-- the owner, in one function that filters by the tenant of the transaction itself.
create policy search on sustainability.emission_factors for select to current_user using (true);

create function sustainability.search_factors(words text, of_category text, at_most integer)
returns setof text
language plpgsql
stable
rows 50
security definer
set search_path = pg_catalog, pg_temp
-- A query of stop words alone is no news.
set client_min_messages = warning
as $$
declare
  tenant constant text := nullif(current_setting('gatehouse.tenant', true), '');
  asked constant text := left(words, 1000);
  -- Letters and digits; the last word may be unfinished.
  plain constant text[] := array_remove(
    regexp_split_to_array(asked, '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+'), ''
  );
  wanted tsquery;
  guarded tsquery;
begin
  if tenant is null or cardinality(plain) = 0 then
    return;
  end if;
  wanted := plainto_tsquery('simple', array_to_string(plain[1:cardinality(plain) - 1], ' '))
    && to_tsquery('simple', quote_literal(plain[cardinality(plain)]) || ':*');
  wanted := wanted || plainto_tsquery('english', asked);
  -- The tenant's lexeme lets one index scan answer "this tenant and these words"; the comparison below stays the guard, written so that
  -- no other index fits it.
  guarded := ('''' || replace(replace(chr(1) || tenant, '\', '\\'), '''', '''''') || '''')::tsquery && wanted;
  return query
    select f.id from sustainability.emission_factors f
    where f.search @@ guarded and f.tenant_id || '' = tenant and (of_category is null or f.category = of_category)
    order by ts_rank(f.search, wanted) desc, f.year desc, f.code
    limit least(greatest(at_most, 1), 101);
end
$$;
comment on function sustainability.search_factors(text, text, integer) is
  'Ids of emission factors of the transaction''s tenant that match all words, best first, at most 101. No tenant set = none.';
revoke all on function sustainability.search_factors(text, text, integer) from public;
grant execute on function sustainability.search_factors(text, text, integer) to gatehouse_mcp;
