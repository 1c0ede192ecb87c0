create table feed (
  one boolean primary key default true check (one),
  id text not null default gen_random_uuid()::text
);
insert into feed default values;
comment on table feed is 'The identity of this database on the bus.';
comment on column feed.one is 'There is one row.';
comment on column feed.id is 'Another id means another database: streams with it are stale.';

create table outbox (
  position bigint generated always as identity primary key,
  id text not null,
  subject text not null,
  event json not null,
  headers json not null,
  created_at timestamptz not null default now()
);
comment on table outbox is 'Events of committed changes, until they are published.';
comment on column outbox.position is 'Order of appending.';
comment on column outbox.id is 'Id of the event.';
comment on column outbox.subject is 'Where it is published.';
comment on column outbox.event is 'The CloudEvents envelope, to the letter.';
comment on column outbox.headers is 'Headers of the message.';
comment on column outbox.created_at is 'When it was appended.';
create table outbox_lease (
  one boolean primary key default true check (one),
  holder text not null default '',
  until timestamptz not null default '-infinity',
  position bigint not null default 0
);
comment on table outbox_lease is 'Who drains the outbox.';
comment on column outbox_lease.one is 'There is one row.';
comment on column outbox_lease.holder is 'The drainer that has it.';
comment on column outbox_lease.until is 'How long.';
comment on column outbox_lease.position is 'Everything up to here has been published.';
insert into outbox_lease default values;
alter table feed enable row level security;
alter table outbox enable row level security;
alter table outbox_lease enable row level security;
create policy read on feed for select using (true);
create policy append on outbox for insert with check (true);
create policy drain on outbox using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy drain on outbox_lease using (nullif(current_setting('gatehouse.platform', true), '') is not null);
