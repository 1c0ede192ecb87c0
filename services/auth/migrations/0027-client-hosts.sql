create table client_hosts (
  tenant_id text not null references tenants (id) on delete cascade,
  host text not null,
  rule text not null check (rule in ('allow', 'deny')),
  created_at timestamptz not null,
  primary key (tenant_id, host)
);
comment on table client_hosts is 'Which clients the people of a tenant may connect, by host.';
comment on column client_hosts.tenant_id is 'Whose rule.';
comment on column client_hosts.host is 'A host name in lower case, with all below it; or a private-use scheme with its colon.';
comment on column client_hosts.rule is 'deny; or allow, and as soon as there is one of these, only those.';
comment on column client_hosts.created_at is 'When it was made.';
alter table client_hosts enable row level security;
create policy tenant on client_hosts using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on client_hosts using (nullif(current_setting('gatehouse.platform', true), '') is not null);
