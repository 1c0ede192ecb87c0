create table audit.ring_keys (
  ring text not null,
  id text not null,
  public_jwk jsonb,
  sealed bytea not null,
  created_at timestamptz not null,
  active_at timestamptz not null,
  retiring_at timestamptz,
  primary key (ring, id)
);
comment on table audit.ring_keys is 'The keys with which heads are signed and cookies sealed, encrypted under the operator''s secret.';
alter table audit.ring_keys enable row level security;
create policy platform on audit.ring_keys using (nullif(current_setting('gatehouse.platform', true), '') is not null);
