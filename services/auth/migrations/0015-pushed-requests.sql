create table pushed_requests (
  hash bytea primary key check (length(hash) = 32),
  client_id text not null references clients (id) on delete cascade,
  parameters text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index pushed_requests_expires_at on pushed_requests (expires_at);
comment on table pushed_requests is 'Authorization requests that clients sent ahead (RFC 9126).';
comment on column pushed_requests.hash is 'SHA-256 of the random part of the request_uri.';
comment on column pushed_requests.client_id is 'Who pushed it; nobody else can use it.';
comment on column pushed_requests.parameters is 'Form-encoded, without what the client proved itself with.';
comment on column pushed_requests.created_at is 'When it came.';
comment on column pushed_requests.expires_at is 'Until when it can be used.';
comment on column pushed_requests.used_at is 'When it was used, which is once.';
alter table pushed_requests enable row level security;
create policy platform on pushed_requests using (nullif(current_setting('gatehouse.platform', true), '') is not null);
