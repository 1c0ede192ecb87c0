create table counters.counters (
  tenant text not null,
  id text not null,
  value bigint not null default 0,
  primary key (tenant, id)
);
comment on table counters.counters is 'What the proofs change and read: how often each was changed.';
comment on column counters.counters.tenant is 'Whose it is.';
comment on column counters.counters.id is 'Last part of its URI.';
comment on column counters.counters.value is 'One more with each change.';

alter table counters.counters enable row level security;
alter table counters.counters force row level security;
create policy tenant on counters.counters
  using (tenant = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on counters.counters for select
  using (nullif(current_setting('gatehouse.platform', true), '') is not null);
