create table upstream_providers (
  id text primary key check (id ~ '^[a-z][a-z0-9-]{0,31}$'),
  label text not null,
  issuer text not null constraint upstream_providers_issuer_key unique,
  client_id text not null,
  sealed bytea not null,
  scopes text[] not null,
  authoritative_domains text[] not null default '{}',
  created_at timestamptz not null,
  disabled_at timestamptz
);
comment on table upstream_providers is 'OpenID providers where people of customers can sign in, added by the operator while it runs.';
comment on column upstream_providers.id is 'Part of the callback''s path.';
comment on column upstream_providers.label is 'On the button.';
comment on column upstream_providers.issuer is 'Issuer identifier; with the subject it names an account there.';
comment on column upstream_providers.client_id is 'What we are called there.';
comment on column upstream_providers.sealed is 'How we prove ourselves there (a secret or a private key), encrypted.';
comment on column upstream_providers.scopes is 'What is asked for.';
comment on column upstream_providers.authoritative_domains is 'Email domains of which a verified address proves the account here.';
comment on column upstream_providers.created_at is 'When it was added.';
comment on column upstream_providers.disabled_at is 'Since when nobody can sign in there.';

create table upstream_identities (
  issuer text not null,
  subject text not null,
  person_id text not null references people (id) on delete cascade,
  email text not null,
  linked_at timestamptz not null,
  used_at timestamptz not null,
  primary key (issuer, subject)
);
create index upstream_identities_person_id on upstream_identities (person_id);
comment on table upstream_identities is 'Accounts elsewhere that sign a person in here.';
comment on column upstream_identities.issuer is 'Who vouches.';
comment on column upstream_identities.subject is 'For whom; means something at that issuer only.';
comment on column upstream_identities.person_id is 'Who that is here.';
comment on column upstream_identities.email is 'What the issuer called them last; for display, never for a decision.';
comment on column upstream_identities.linked_at is 'Since when.';
comment on column upstream_identities.used_at is 'Last sign-in.';

create table upstream_transactions (
  state_hash bytea primary key check (length(state_hash) = 32),
  provider_id text not null,
  browser_hash bytea not null check (length(browser_hash) = 32),
  request_id text references requests (id) on delete cascade,
  next text,
  link_person_id text references people (id) on delete cascade,
  fresh boolean not null,
  max_age integer check (max_age >= 0),
  created_at timestamptz not null,
  expires_at timestamptz not null
);
create index upstream_transactions_expires_at on upstream_transactions (expires_at);
comment on table upstream_transactions is 'People who were sent to a provider and are not back yet.';
comment on column upstream_transactions.state_hash is 'SHA-256 of the state; nonce and PKCE verifier are computed from the state itself.';
comment on column upstream_transactions.provider_id is 'Where they were sent; the answer has to come to that provider''s callback.';
comment on column upstream_transactions.browser_hash is 'Only this browser can bring the answer.';
comment on column upstream_transactions.request_id is 'The authorization request that waits for the sign-in.';
comment on column upstream_transactions.next is 'Own path to go on to.';
comment on column upstream_transactions.link_person_id is 'Who, signed in, asked to add this way of signing in.';
comment on column upstream_transactions.fresh is 'Whether the sign-in there has to be a new one.';
comment on column upstream_transactions.max_age is 'Seconds that the sign-in there may be old.';
comment on column upstream_transactions.created_at is 'When they left.';
comment on column upstream_transactions.expires_at is 'Until when they can come back.';

alter table requests add column max_age integer check (max_age >= 0);
comment on column requests.max_age is 'Seconds that a sign-in may be old; passed on to a provider.';

alter table upstream_providers enable row level security;
alter table upstream_identities enable row level security;
alter table upstream_transactions enable row level security;
create policy platform on upstream_providers using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on upstream_identities using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on upstream_transactions using (nullif(current_setting('gatehouse.platform', true), '') is not null);
