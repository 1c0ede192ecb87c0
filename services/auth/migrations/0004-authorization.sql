create table consents (
  id text primary key,
  tenant_id text not null references tenants (id) on delete cascade,
  person_id text not null references people (id) on delete cascade,
  client_id text not null references clients (id) on delete cascade,
  resource text not null,
  scopes text[] not null,
  granted_at timestamptz not null,
  ended_at timestamptz
);
create unique index consents_living_key on consents (person_id, client_id, tenant_id, resource) where ended_at is null;
comment on table consents is 'What a person allows a client to do in a tenant, at a resource.';
comment on column consents.id is 'Names it on the page of authorized apps.';
comment on column consents.tenant_id is 'In which tenant.';
comment on column consents.person_id is 'Who allowed it.';
comment on column consents.client_id is 'Whom.';
comment on column consents.resource is 'Identifier of the resource.';
comment on column consents.scopes is 'All that was ever allowed and not taken back.';
comment on column consents.granted_at is 'Last time the person said yes.';
comment on column consents.ended_at is 'When the person took it back.';

create table requests (
  id text primary key,
  browser_hash bytea not null check (length(browser_hash) = 32),
  client_id text not null references clients (id) on delete cascade,
  redirect_uri text not null,
  redirect_given boolean not null,
  state text,
  scopes text[] not null,
  resource text not null,
  challenge text not null,
  nonce text,
  login_hint text,
  unmet text[] not null,
  silent boolean not null,
  phase text not null default 'requested' check (phase in ('requested', 'identified', 'coded', 'refused')),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index requests_expires_at on requests (expires_at);
create index requests_browser_hash on requests (browser_hash);
comment on table requests is 'Authorization requests whose client and redirect are proven, until they are answered.';
comment on column requests.id is 'Random transaction id that the pages carry.';
comment on column requests.browser_hash is 'SHA-256 of the browser''s cookie: only that browser can go on with it.';
comment on column requests.client_id is 'Who asks.';
comment on column requests.redirect_uri is 'Where the answer goes; matched against the registration before.';
comment on column requests.redirect_given is 'Whether the request named it, or it is the only one registered.';
comment on column requests.state is 'Given back as it came.';
comment on column requests.scopes is 'What is asked for, unknown ones left out.';
comment on column requests.resource is 'Registered identifier that the grant will be bound to.';
comment on column requests.challenge is 'PKCE code_challenge, method S256.';
comment on column requests.nonce is 'For the ID token.';
comment on column requests.login_hint is 'Fills in the email field.';
comment on column requests.unmet is 'Prompts (login, consent) that were asked for and not yet shown.';
comment on column requests.silent is 'prompt=none: no page may be shown.';
comment on column requests.phase is 'Where in its life it is.';
comment on column requests.created_at is 'When it came.';
comment on column requests.expires_at is 'Until when it can be answered.';

create table grants (
  id text primary key,
  consent_id text not null references consents (id) on delete cascade,
  tenant_id text not null references tenants (id) on delete cascade,
  person_id text not null references people (id) on delete cascade,
  client_id text not null references clients (id) on delete cascade,
  resource text not null,
  scopes text[] not null,
  auth_time timestamptz not null,
  created_at timestamptz not null,
  used_at timestamptz,
  ended_at timestamptz,
  end_reason text
);
create index grants_consent_id on grants (consent_id);
create index grants_client_id on grants (client_id);
comment on table grants is 'One authorization: one code and one family of tokens. Whoever changes either holds this row.';
comment on column grants.id is 'Stands in access tokens as grant_id.';
comment on column grants.consent_id is 'The consent that it rests on.';
comment on column grants.tenant_id is 'Tenant that its tokens speak for.';
comment on column grants.person_id is 'Person that its tokens speak for.';
comment on column grants.client_id is 'Client that holds them.';
comment on column grants.resource is 'Audience of its tokens.';
comment on column grants.scopes is 'What was granted; a refresh may ask for less, never for more.';
comment on column grants.auth_time is 'When the person had signed in.';
comment on column grants.created_at is 'When the person (or an earlier consent) approved.';
comment on column grants.used_at is 'Last time tokens were issued from it.';
comment on column grants.ended_at is 'When it was taken back; all its tokens are dead from then on.';
comment on column grants.end_reason is 'Why, as a stable word.';

create table codes (
  hash bytea primary key check (length(hash) = 32),
  grant_id text not null references grants (id) on delete cascade,
  redirect_uri text not null,
  challenge text not null,
  nonce text,
  expires_at timestamptz not null,
  consumed_at timestamptz
);
create index codes_grant_id on codes (grant_id);
comment on table codes is 'Authorization codes; kept after use so that a replay is recognised.';
comment on column codes.hash is 'SHA-256 of the code.';
comment on column codes.grant_id is 'The grant whose tokens it gives.';
comment on column codes.redirect_uri is 'Where it was sent.';
comment on column codes.challenge is 'PKCE code_challenge, method S256.';
comment on column codes.nonce is 'For the ID token.';
comment on column codes.expires_at is 'Last moment of its first exchange.';
comment on column codes.consumed_at is 'When it was exchanged.';

create table refresh_tokens (
  hash bytea primary key check (length(hash) = 32),
  grant_id text not null references grants (id) on delete cascade,
  generation integer not null check (generation >= 0),
  expires_at timestamptz not null,
  key_id text,
  used_at timestamptz,
  tries integer not null default 0,
  constraint refresh_tokens_generation_key unique (grant_id, generation),
  constraint refresh_tokens_used_check check ((used_at is null) = (key_id is null))
);
comment on table refresh_tokens is 'One row for each generation of a family; kept after use so that reuse is recognised.';
comment on column refresh_tokens.hash is 'SHA-256 of the token.';
comment on column refresh_tokens.grant_id is 'The family is the grant.';
comment on column refresh_tokens.generation is '0 came with the code; each rotation adds one.';
comment on column refresh_tokens.expires_at is 'Until when it can be used first.';
comment on column refresh_tokens.key_id is 'Ring key with which its successor was computed from it.';
comment on column refresh_tokens.used_at is 'First use, which made the successor; absent for the newest.';
comment on column refresh_tokens.tries is 'How often it was presented again inside its window.';

alter table consents enable row level security;
alter table requests enable row level security;
alter table grants enable row level security;
alter table codes enable row level security;
alter table refresh_tokens enable row level security;
create policy tenant on consents using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on consents using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy tenant on grants using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on grants using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on requests using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on codes using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on refresh_tokens using (nullif(current_setting('gatehouse.platform', true), '') is not null);
