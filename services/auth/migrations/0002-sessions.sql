create table sessions (
  id_hash bytea primary key check (length(id_hash) = 32),
  person_id text not null references people (id) on delete cascade,
  auth_time timestamptz not null,
  seen_at timestamptz not null,
  expires_at timestamptz not null
);
create index sessions_person_id on sessions (person_id);
create index sessions_expires_at on sessions (expires_at);
comment on table sessions is 'Browsers in which somebody is signed in.';
comment on column sessions.id_hash is 'SHA-256 of the cookie''s value; the value itself is nowhere.';
comment on column sessions.person_id is 'Who is signed in.';
comment on column sessions.auth_time is 'When the password was checked.';
comment on column sessions.seen_at is 'Last use, to the minute; too long ago ends the session.';
comment on column sessions.expires_at is 'End whatever happens.';
alter table sessions enable row level security;
create policy platform on sessions using (nullif(current_setting('gatehouse.platform', true), '') is not null);
