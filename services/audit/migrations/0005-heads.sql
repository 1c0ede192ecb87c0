create table audit.segments (
  tenant text collate "C" not null,
  class text collate "C" not null,
  month text collate "C" not null check (month ~ '^\d{4}-\d\d$'),
  count bigint not null check (count >= 1),
  hash text not null,
  dropped_through bigint not null default 0 check (dropped_through between 0 and count),
  dropped_hash text not null,
  primary key (tenant, class, month)
);
comment on table audit.segments is 'Chains: one a tenant, class and month. They outlive their rows.';
comment on column audit.segments.count is 'Rows that were ever sealed in it.';
comment on column audit.segments.hash is 'Of the chain at count.';
comment on column audit.segments.dropped_through is 'Rows up to this number were dropped when their time was over.';
comment on column audit.segments.dropped_hash is 'Of the chain at dropped_through; of the empty chain before anything was dropped.';

create table audit.heads (
  chain text collate "C" not null,
  n bigint not null,
  hash text not null,
  jws text not null,
  at timestamptz not null,
  published boolean not null default false,
  primary key (chain, n)
);
comment on table audit.heads is 'What was signed: of each tenant at each sealing, and of the list of all tenants.';
comment on column audit.heads.chain is 'platform, or tenant/ and the id of the tenant.';
comment on column audit.heads.n is 'Number of the head in its chain, from 1.';
comment on column audit.heads.jws is 'The head as it was signed (RFC 7515).';
comment on column audit.heads.published is 'Whether the bus has it.';
create index heads_unpublished on audit.heads (at, chain, n) where not published;

create table audit.chains (
  tenant text collate "C" primary key,
  n bigint not null,
  hash text not null,
  listed_n bigint,
  listed_hash text,
  check ((listed_n is null) = (listed_hash is null))
);
comment on table audit.chains is 'The last head of each tenant, and the one that the last head of the platform lists.';

alter table audit.segments enable row level security;
alter table audit.segments force row level security;
alter table audit.heads enable row level security;
alter table audit.heads force row level security;
alter table audit.chains enable row level security;
alter table audit.chains force row level security;
create policy platform on audit.segments using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on audit.heads using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on audit.chains using (nullif(current_setting('gatehouse.platform', true), '') is not null);
revoke delete on audit.segments, audit.chains from gatehouse_audit;
revoke update on audit.heads from gatehouse_audit;
grant update (published) on audit.heads to gatehouse_audit;
