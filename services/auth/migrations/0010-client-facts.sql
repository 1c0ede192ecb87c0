alter table clients drop constraint clients_kind_check;
alter table clients add constraint clients_kind_check check (kind in ('dynamic', 'registered', 'metadata'));
alter table clients drop constraint clients_auth_method_check;
alter table clients add constraint clients_auth_method_check
  check (auth_method in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'));
alter table clients drop constraint clients_secret_check;
alter table clients
  add column scopes text[],
  add column resources text[],
  add column tenant_id text references tenants (id) on delete cascade,
  add column jwks jsonb,
  add column jwks_uri text,
  add column registration_hash bytea check (length(registration_hash) = 32),
  add column changed_at timestamptz,
  add column used_at timestamptz,
  add column ended_at timestamptz,
  add column end_reason text check (end_reason in ('deleted', 'unused', 'idle')),
  add constraint clients_secret_check
    check (ended_at is not null or (auth_method in ('client_secret_basic', 'client_secret_post')) = (secret_hash is not null)),
  add constraint clients_keys_check
    check (ended_at is not null or (auth_method = 'private_key_jwt' and num_nonnulls(jwks, jwks_uri) = 1)
      or (auth_method <> 'private_key_jwt' and num_nonnulls(jwks, jwks_uri) <= 1)),
  add constraint clients_end_check check ((ended_at is null) = (end_reason is null));
create index clients_newest on clients (created_at desc, id desc);
create index clients_unused on clients (created_at) where used_at is null and ended_at is null;
create index clients_ended_at on clients (ended_at) where ended_at is not null;

comment on table clients is 'OAuth clients: registered by themselves or by an operator, or known by their metadata document.';
comment on column clients.id is 'The client_id. Ours are URL-safe and look like no person''s id; a document''s is its URL.';
comment on column clients.secret_hash is 'SHA-256 of the secret, which has 256 random bits.';
comment on column clients.scopes is 'Scopes that it may have for itself (client_credentials); absent = none.';
comment on column clients.resources is 'Identifiers of the resources that it may have tokens for; absent = any.';
comment on column clients.tenant_id is 'Tenant that it acts in when it acts for itself.';
comment on column clients.jwks is 'Its public keys (RFC 7517), where it gave them by value.';
comment on column clients.jwks_uri is 'Where its public keys are, where it gave them by reference.';
comment on column clients.registration_hash is 'SHA-256 of the registration access token (RFC 7592), of clients that registered themselves.';
comment on column clients.changed_at is 'When its name, redirect URIs or keys last changed: consents older than this are asked for again.';
comment on column clients.used_at is 'Last day on which it proved itself; absent = never.';
comment on column clients.ended_at is 'Since when it is gone for good. The row stays for a while, to say so.';
comment on column clients.end_reason is 'Why: deleted, never used, or idle for too long.';
