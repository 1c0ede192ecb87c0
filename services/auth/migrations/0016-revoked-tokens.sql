create table revoked_tokens (
  jti text primary key,
  tenant_id text references tenants (id) on delete cascade,
  client_id text not null,
  reason text not null,
  revoked_at timestamptz not null,
  expires_at timestamptz not null
);
create index revoked_tokens_expires_at on revoked_tokens (expires_at);
comment on table revoked_tokens is 'Access tokens that rest on no grant and were taken back before their end.';
comment on column revoked_tokens.jti is 'The token.';
comment on column revoked_tokens.tenant_id is 'Tenant that it spoke for; absent = none.';
comment on column revoked_tokens.client_id is 'Client that held it.';
comment on column revoked_tokens.reason is 'Why, as a stable word.';
comment on column revoked_tokens.revoked_at is 'When it was taken back.';
comment on column revoked_tokens.expires_at is 'Its own end; the row is of no use afterwards.';
alter table revoked_tokens enable row level security;
create policy tenant on revoked_tokens using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on revoked_tokens using (nullif(current_setting('gatehouse.platform', true), '') is not null);
