create table claims (
  tenant text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null,
  expires_at timestamptz not null,
  primary key (tenant, id)
);
comment on table claims is 'Confirmations that were used, for catalogs whose effects lie elsewhere.';
comment on column claims.tenant is 'Whose confirmation it was.';
comment on column claims.id is 'The confirmation.';
comment on column claims.expires_at is 'When the confirmation itself ends, and the row may go.';
create index claims_expires_at on claims (expires_at);

alter table claims enable row level security;
create policy tenant on claims using (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on claims using (nullif(current_setting('gatehouse.platform', true), '') is not null);
