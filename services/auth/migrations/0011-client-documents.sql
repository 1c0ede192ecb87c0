create table client_documents (
  client_id text primary key references clients (id) on delete cascade,
  fetched_at timestamptz not null,
  fresh_until timestamptz not null
);
comment on table client_documents is 'When the metadata document behind a client was last read; what it said is in the client''s row.';
comment on column client_documents.client_id is 'The client id, which is the document''s URL.';
comment on column client_documents.fetched_at is 'When it was last fetched and good.';
comment on column client_documents.fresh_until is 'Until when it is believed without asking again.';

create table client_keys (
  uri text primary key,
  jwks jsonb not null,
  fetched_at timestamptz not null,
  fresh_until timestamptz not null
);
create index client_keys_fetched_at on client_keys (fetched_at);
comment on table client_keys is 'Last good copies of the key sets that clients keep elsewhere (jwks_uri).';
comment on column client_keys.uri is 'Where they are.';
comment on column client_keys.jwks is 'The public keys (RFC 7517).';
comment on column client_keys.fetched_at is 'When they were last fetched.';
comment on column client_keys.fresh_until is 'Until when they are believed without asking again.';

alter table client_documents enable row level security;
alter table client_keys enable row level security;
create policy platform on client_documents using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on client_keys using (nullif(current_setting('gatehouse.platform', true), '') is not null);
