create table client_assertions (
  client_id text not null references clients (id) on delete cascade,
  jti_hash bytea not null check (length(jti_hash) = 32),
  expires_at timestamptz not null,
  primary key (client_id, jti_hash)
);
create index client_assertions_expires_at on client_assertions (expires_at);
comment on table client_assertions is 'Assertions that clients have proven themselves with (RFC 7523): each counts once.';
comment on column client_assertions.client_id is 'Who signed it.';
comment on column client_assertions.jti_hash is 'SHA-256 of its jti.';
comment on column client_assertions.expires_at is 'When it would be refused anyhow.';

alter table client_assertions enable row level security;
create policy platform on client_assertions using (nullif(current_setting('gatehouse.platform', true), '') is not null);
