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
comment on table ring_keys is 'Keys that seal session ids, request state and cursors; secret parts encrypted.';
comment on column ring_keys.ring is 'What the key is for.';
comment on column ring_keys.id is 'Names the key in what it sealed.';
comment on column ring_keys.public_jwk is 'The half that is published; absent for secret keys.';
comment on column ring_keys.sealed is 'The secret half: 12 bytes nonce, AES-256-GCM ciphertext, 16 bytes tag.';
comment on column ring_keys.created_at is 'When it was made.';
comment on column ring_keys.active_at is 'From when it is used; the latest one that has come is in use.';
comment on column ring_keys.retiring_at is 'From when it is no longer known.';

alter table ring_keys enable row level security;
create policy platform on ring_keys using (nullif(current_setting('gatehouse.platform', true), '') is not null);
