create table orgdesign.proposals (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  scenario_id text not null,
  scenario_revision bigint not null,
  principal_kind text not null check (principal_kind in ('person', 'key', 'service')),
  principal_id text not null check (length(principal_id) between 1 and 200),
  change jsonb not null,
  summary text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  confirmed_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, scenario_id) references orgdesign.scenarios (tenant_id, id)
);
comment on table orgdesign.proposals is 'Changes of a scenario that were planned: each is carried out once at most, by who planned it, on the state it was planned on.';
comment on column orgdesign.proposals.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column orgdesign.proposals.id is 'Given to who planned it.';
comment on column orgdesign.proposals.scenario_id is 'The scenario to be changed, of the same tenant.';
comment on column orgdesign.proposals.scenario_revision is 'The revision that it was planned on: on another it is not carried out.';
comment on column orgdesign.proposals.principal_kind is 'person, key or service.';
comment on column orgdesign.proposals.principal_id is 'Subject of who planned it, the only one who can confirm it.';
comment on column orgdesign.proposals.change is 'What will be done, to the last argument.';
comment on column orgdesign.proposals.summary is 'The same in words.';
comment on column orgdesign.proposals.created_at is 'When it was planned, by the clock of the database.';
comment on column orgdesign.proposals.expires_at is 'From then on it cannot be confirmed.';
comment on column orgdesign.proposals.confirmed_at is 'When it was carried out; null = not yet.';

-- What nobody can confirm any more, to be removed.
create index proposals_expired on orgdesign.proposals (tenant_id, expires_at);

alter table orgdesign.proposals enable row level security;
alter table orgdesign.proposals force row level security;
create policy tenant on orgdesign.proposals
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update on orgdesign.proposals from gatehouse_mcp;
-- What was planned is not rewritten.
grant update (confirmed_at) on orgdesign.proposals to gatehouse_mcp;
