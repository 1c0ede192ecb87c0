alter table resources
  add column id text,
  add column source text not null default 'profile' check (source in ('profile', 'operator')),
  add column default_scopes text[] not null default '{}',
  add column secret_hash bytea check (length(secret_hash) = 32),
  add column jwks jsonb,
  add column created_at timestamptz not null default now(),
  add constraint resources_credential_check check (num_nonnulls(secret_hash, jwks) <= 1);
alter table resources drop column scopes;
alter table resources add column scopes jsonb not null default '[]';
update resources set id = 'res_' || translate(gen_random_uuid()::text, '-', '');
alter table resources alter column id set not null;
alter table resources add constraint resources_id_key unique (id);
comment on column resources.id is 'Names it in the admin API; its client_id at introspection.';
comment on column resources.source is 'Who registered it; one of the profile follows the profile.';
comment on column resources.scopes is 'List of the scopes that it understands: name, text for people, names that it implies.';
comment on column resources.default_scopes is 'Granted when a request for it names no scope.';
comment on column resources.secret_hash is 'SHA-256 of the secret with which it introspects tokens; the secret has 256 random bits.';
comment on column resources.jwks is 'Public keys with which it introspects tokens instead.';
comment on column resources.created_at is 'When it was registered.';
