-- Projects are shown with their entries by status. With a million entries counting them takes longer than all the rest.
create table tracker.entry_counts (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  project_id text not null,
  status text not null,
  count bigint not null check (count >= 0),
  primary key (tenant_id, project_id, status),
  foreign key (tenant_id, project_id) references tracker.projects (tenant_id, id)
);
comment on table tracker.entry_counts is 'How many entries a project has in each status. Kept by triggers of tracker.entries in the same transaction.';
comment on column tracker.entry_counts.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column tracker.entry_counts.project_id is 'The project, of the same tenant.';
comment on column tracker.entry_counts.status is 'Status of the entries that are counted.';
comment on column tracker.entry_counts.count is 'Their number.';

insert into tracker.entry_counts (tenant_id, project_id, status, count)
select tenant_id, project_id, status, count(*) from tracker.entries group by 1, 2, 3;

-- Replaced by the counts.
drop index tracker.entries_by_status;

alter table tracker.entry_counts enable row level security;
alter table tracker.entry_counts force row level security;
create policy tenant on tracker.entry_counts
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on tracker.entry_counts from gatehouse_mcp;
grant update (count) on tracker.entry_counts to gatehouse_mcp;

-- Rows are taken in the order of their key, so that two transactions never wait for each other.
create function tracker.count_added() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
  insert into tracker.entry_counts as c (tenant_id, project_id, status, count)
  select tenant_id, project_id, status, count(*) from added group by 1, 2, 3 order by 1, 2, 3
  on conflict (tenant_id, project_id, status) do update set count = c.count + excluded.count;
  return null;
end
$$;

create function tracker.count_moved() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
  moved record;
begin
  for moved in
    select tenant_id, project_id, status, sum(n)::bigint as n from (
      select tenant_id, project_id, status, 1 as n from after
      union all
      select tenant_id, project_id, status, -1 from before
    ) changed group by 1, 2, 3 having sum(n) <> 0 order by 1, 2, 3
  loop
    update tracker.entry_counts c set count = c.count + moved.n
    where c.tenant_id = moved.tenant_id and c.project_id = moved.project_id and c.status = moved.status;
    if not found then
      insert into tracker.entry_counts as c (tenant_id, project_id, status, count)
      values (moved.tenant_id, moved.project_id, moved.status, moved.n)
      on conflict (tenant_id, project_id, status) do update set count = c.count + excluded.count;
    end if;
  end loop;
  return null;
end
$$;

create trigger count_added after insert on tracker.entries
  referencing new table as added for each statement execute function tracker.count_added();
create trigger count_moved after update on tracker.entries
  referencing old table as before new table as after for each statement execute function tracker.count_moved();
