create table clients (
  id text primary key,
  kind text not null check (kind in ('dynamic', 'registered')),
  name text not null,
  redirect_uris text[] not null,
  auth_method text not null check (auth_method in ('none', 'client_secret_basic', 'client_secret_post')),
  secret_hash bytea check (length(secret_hash) = 32),
  grant_types text[],
  metadata jsonb not null default '{}',
  created_at timestamptz not null,
  disabled_at timestamptz,
  constraint clients_secret_check check ((auth_method = 'none') = (secret_hash is null))
);
comment on table clients is 'OAuth clients that registered themselves or were registered by an operator.';
comment on column clients.id is 'The client_id; URL-safe, and never looks like a person''s id or a URL.';
comment on column clients.kind is 'How it came to be.';
comment on column clients.name is 'What it calls itself; hostile until shown through the pages'' helpers.';
comment on column clients.redirect_uris is 'Complete URIs, as they were registered.';
comment on column clients.auth_method is 'How it authenticates at the token endpoint; none = a public client.';
comment on column clients.secret_hash is 'SHA-256 of the secret, which has 256 random bits.';
comment on column clients.grant_types is 'What it said it would use; absent = it did not say.';
comment on column clients.metadata is 'The other fields of its registration (RFC 7591 section 2) that are understood.';
comment on column clients.created_at is 'When it was registered.';
comment on column clients.disabled_at is 'Since when it is refused.';

create table resources (
  identifier text primary key,
  name text not null,
  aliases text[] not null default '{}',
  scopes text[] not null,
  token_seconds integer not null check (token_seconds > 0)
);
comment on table resources is 'What tokens can be issued for (RFC 8707).';
comment on column resources.identifier is 'Exactly as it stands in the audience of tokens.';
comment on column resources.name is 'As the consent page calls it.';
comment on column resources.aliases is 'Other spellings that clients send for it.';
comment on column resources.scopes is 'Scopes that it understands.';
comment on column resources.token_seconds is 'Life time of its access tokens.';

alter table clients enable row level security;
alter table resources enable row level security;
create policy platform on clients using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on resources using (nullif(current_setting('gatehouse.platform', true), '') is not null);
