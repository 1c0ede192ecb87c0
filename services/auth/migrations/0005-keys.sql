create table ring_keys (
  ring text not null,
  id text not null,
  public_jwk jsonb,
  sealed bytea not null,
  created_at timestamptz not null,
  active_at timestamptz not null,
  retiring_at timestamptz,
  primary key (ring, id)
);
comment on table ring_keys is 'Keys that sign, and keys that make refresh tokens; secret parts encrypted.';
comment on column ring_keys.ring is 'What the key is for.';
comment on column ring_keys.id is 'The kid.';
comment on column ring_keys.public_jwk is 'The half that is published; absent for secret keys.';
comment on column ring_keys.sealed is 'The secret half: 12 bytes nonce, AES-256-GCM ciphertext, 16 bytes tag.';
comment on column ring_keys.created_at is 'When it was made and, for signing keys, first published.';
comment on column ring_keys.active_at is 'From when it is used; the latest one that has come is in use.';
comment on column ring_keys.retiring_at is 'From when it is no longer known.';

create table api_keys (
  id text primary key,
  tenant_id text not null references tenants (id) on delete cascade,
  name text not null,
  hash bytea not null constraint api_keys_hash_key unique check (length(hash) = 32),
  hint text not null,
  scopes text[] not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  used_at timestamptz
);
create index api_keys_tenant_id on api_keys (tenant_id);
comment on table api_keys is 'Keys of a tenant for callers that cannot sign in.';
comment on column api_keys.id is 'Names the key in events; not secret.';
comment on column api_keys.tenant_id is 'Whose key it is.';
comment on column api_keys.name is 'What people call it.';
comment on column api_keys.hash is 'SHA-256 of the whole key.';
comment on column api_keys.hint is 'Prefix and last four characters, to tell keys apart.';
comment on column api_keys.scopes is 'What it may do.';
comment on column api_keys.created_at is 'When it was made.';
comment on column api_keys.expires_at is 'End; absent = none.';
comment on column api_keys.revoked_at is 'When it was taken back.';
comment on column api_keys.used_at is 'Last exchange, to the minute.';

alter table ring_keys enable row level security;
alter table api_keys enable row level security;
create policy platform on ring_keys using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy tenant on api_keys using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on api_keys using (nullif(current_setting('gatehouse.platform', true), '') is not null);
