-- `@@` is not leakproof: under row-level security it would be evaluated after the policy, without its index. So search runs as
-- the owner, in one function that filters by the tenant of the transaction itself. The owner's policy is a constant, which the
-- planner drops; services are never the owner.
create policy search on tracker.projects for select to current_user using (true);
create policy search on tracker.entries for select to current_user using (true);

create function tracker.search(words text, at_most integer)
returns table (
  kind text,
  id text,
  title text,
  excerpt text,
  project_id text,
  project_name text,
  entry_type text,
  status text,
  priority text,
  updated_at timestamptz,
  rank real
)
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
  asked constant text := left(words, 1000);
  -- Letters and digits; beyond ASCII everything counts as one, whatever the database's locale. The last word may be unfinished.
  plain constant text[] := array_remove(
    regexp_split_to_array(asked, '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+'), ''
  );
  wanted tsquery := websearch_to_tsquery('english', asked);
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
  -- The tenant's lexeme lets one index scan answer "this tenant and these words". The comparison below stays the guard; it is
  -- written so that no other index fits it, since a planner without statistics prefers to walk all rows of the tenant.
  guarded := ('''' || replace(replace(chr(1) || tenant, '\', '\\'), '''', '''''') || '''')::tsquery && wanted;

  return query
  with found as (
    select
      'project' as kind, p.id, p.name as title, p.description, p.id as project_id,
      null as type, null as status, null as priority, p.created_at as updated_at, ts_rank(p.search, wanted) as rank
    from tracker.projects p
    where p.search @@ guarded and p.tenant_id || '' = tenant
    union all
    select
      'entry', e.id, e.title, e.description, e.project_id,
      e.type, e.status, e.priority, e.updated_at, ts_rank(e.search, wanted)
    from tracker.entries e
    where e.search @@ guarded and e.tenant_id || '' = tenant
    order by rank desc, updated_at desc, id
    limit least(greatest(at_most, 1), 100)
  )
  select
    f.kind,
    f.id,
    f.title,
    -- Only of what is returned: a headline costs more than all the rest.
    ts_headline(
      'english',
      left(f.description, 5000),
      wanted,
      'StartSel="", StopSel="", MaxFragments=1, MaxWords=30, MinWords=12'
    ),
    p.id,
    p.name,
    f.type,
    f.status,
    f.priority,
    f.updated_at,
    f.rank
  from found f
  join tracker.projects p on p.tenant_id = tenant and p.id = f.project_id
  order by f.rank desc, f.updated_at desc, f.id;
end
$$;
comment on function tracker.search(text, integer) is
  'Projects and entries of the transaction''s tenant that match, best first, at most 100. No tenant set = no rows.';
revoke all on function tracker.search(text, integer) from public;
grant execute on function tracker.search(text, integer) to gatehouse_mcp;
