create table sign_in_policies (
  tenant_id text not null references tenants (id) on delete cascade,
  provider_id text not null,
  policy text not null check (policy in ('refuse', 'invite-only', 'join')),
  domains text[] not null default '{}',
  role text,
  primary key (tenant_id, provider_id),
  constraint sign_in_policies_join_check check (policy <> 'join' or (role is not null and cardinality(domains) > 0))
);
create index sign_in_policies_provider_id on sign_in_policies (provider_id);
comment on table sign_in_policies is 'What happens to somebody whom a provider vouches for and whom nobody knows here; no row = refuse.';
comment on column sign_in_policies.tenant_id is 'Whose rule.';
comment on column sign_in_policies.provider_id is 'For people of which provider.';
comment on column sign_in_policies.policy is 'refuse, invite-only (an invitation waits for that address), join (by email domain).';
comment on column sign_in_policies.domains is 'Lower-case email domains whose verified addresses join.';
comment on column sign_in_policies.role is 'Role of who joins.';

create table invitations (
  id text primary key,
  tenant_id text not null references tenants (id) on delete cascade,
  email text not null,
  role text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz
);
create unique index invitations_waiting_key on invitations (tenant_id, lower(email)) where accepted_at is null;
create index invitations_email on invitations (lower(email)) where accepted_at is null;
comment on table invitations is 'Addresses that may join a tenant at their first sign-in.';
comment on column invitations.id is 'Names it in the admin API; it opens nothing.';
comment on column invitations.tenant_id is 'Which tenant.';
comment on column invitations.email is 'Who; compared without case, and only with a verified address.';
comment on column invitations.role is 'Role of who joins.';
comment on column invitations.created_at is 'When it was made.';
comment on column invitations.expires_at is 'Until when it can be taken.';
comment on column invitations.accepted_at is 'When it was taken.';

alter table sign_in_policies enable row level security;
alter table invitations enable row level security;
create policy tenant on sign_in_policies using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on sign_in_policies using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy tenant on invitations using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on invitations using (nullif(current_setting('gatehouse.platform', true), '') is not null);
