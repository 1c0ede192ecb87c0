-- `@@` is not leakproof: under row-level security it would be evaluated after the policy, without its index. So search runs as
-- the owner, in one function that filters by the tenant of the transaction itself. The owner's policy is a constant, which the
-- planner drops; services are never the owner.
create policy search on orgdesign.units for select to current_user using (true);
create policy search on orgdesign.teams for select to current_user using (true);
create policy search on orgdesign.placements for select to current_user using (true);

create function orgdesign.search(words text, scenario text, kinds text[], at_most integer)
returns table (kind text, id text, title text, detail text, unit_id text, unit_name text, rank real)
language plpgsql
stable
security definer
set search_path = pg_catalog, pg_temp
-- A query of stop words alone is no news.
set client_min_messages = warning
as $$
#variable_conflict use_column
declare
  tenant constant text := nullif(current_setting('gatehouse.tenant', true), '');
  wanted_plane constant text := coalesce(scenario, '');
  asked constant text := left(words, 1000);
  -- Letters and digits; beyond ASCII everything counts as one, whatever the database's locale. The last word may be unfinished.
  plain constant text[] := array_remove(
    regexp_split_to_array(asked, '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+'), ''
  );
  wanted tsquery := websearch_to_tsquery('english', asked);
  place text;
  guarded tsquery;
begin
  if tenant is null then
    return;
  end if;
  -- Nothing but stop words: then they are meant.
  if numnode(wanted) = 0 then
    wanted := websearch_to_tsquery('simple', asked);
  end if;
  -- Quotes, a leading minus and "or" are operators: whoever uses them means whole words.
  if cardinality(plain) > 0 and asked !~ '"' and asked !~ '(^|\s)-' and asked !~* '(^|\s)or(\s|$)' then
    wanted := wanted || (
      plainto_tsquery('english', array_to_string(plain[1:cardinality(plain) - 1], ' '))
      && to_tsquery('simple', quote_literal(plain[cardinality(plain)]) || ':*')
    );
  end if;
  if numnode(wanted) = 0 then
    return;
  end if;
  -- The lexeme of tenant and plane lets one index scan answer "this tenant, this scenario and these words". The comparisons below
  -- stay the guard; they are written so that no other index fits them.
  place := chr(1) || tenant || chr(1) || wanted_plane;
  guarded := ('''' || replace(replace(place, '\', '\\'), '''', '''''') || '''')::tsquery && wanted;

  return query
  with found as (
    select 'unit' as kind, u.id, u.name as title, u.kind || ', ' || u.status as detail, u.id as unit_id,
      ts_rank(u.search, wanted) as rank
    from orgdesign.units u
    where 'unit' = any (kinds) and u.search @@ guarded and u.tenant_id || '' = tenant and u.plane || '' = wanted_plane
    union all
    select 'team', t.id, t.name, t.kind, t.unit_id, ts_rank(t.search, wanted)
    from orgdesign.teams t
    where 'team' = any (kinds) and t.search @@ guarded and t.tenant_id || '' = tenant and t.plane || '' = wanted_plane
    union all
    select 'placement', p.id, p.title, coalesce(p.person, 'vacant'), p.unit_id, ts_rank(p.search, wanted)
    from orgdesign.placements p
    where 'placement' = any (kinds) and p.search @@ guarded and p.tenant_id || '' = tenant and p.plane || '' = wanted_plane
    order by rank desc, title, id
    limit least(greatest(at_most, 1), 100)
  )
  select f.kind, f.id, f.title, f.detail, f.unit_id, u.name, f.rank
  from found f
  join orgdesign.units u on u.tenant_id = tenant and u.plane = wanted_plane and u.id = f.unit_id
  order by f.rank desc, f.title, f.id;
end
$$;
comment on function orgdesign.search(text, text, text[], integer) is
  'Units, teams and placements of the transaction''s tenant that match, in the baseline (scenario null) or in a scenario, best first, at most 100. No tenant set = no rows.';
revoke all on function orgdesign.search(text, text, text[], integer) from public;
grant execute on function orgdesign.search(text, text, text[], integer) to gatehouse_mcp;
