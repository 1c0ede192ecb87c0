-- The outbox: tables as the database package describes them (packages/database/src/outbox.ts).
create table sustainability.outbox (
  position bigint generated always as identity primary key,
  id text not null,
  subject text not null,
  event json not null,
  headers json not null,
  created_at timestamptz not null default now()
);
comment on table sustainability.outbox is 'Events that were committed with what they tell of and have not been published yet.';
comment on column sustainability.outbox.position is 'Order of appending.';
comment on column sustainability.outbox.id is 'The event''s id; the bus stores a repeat once.';
comment on column sustainability.outbox.subject is 'domain.<tenant>.<entity>.<verb>';
comment on column sustainability.outbox.event is 'CloudEvents 1.0 envelope, published to the letter.';
comment on column sustainability.outbox.headers is 'Headers of the message.';
comment on column sustainability.outbox.created_at is 'When it was appended.';

create table sustainability.outbox_lease (
  one boolean primary key default true check (one),
  holder text not null default '',
  until timestamptz not null default '-infinity',
  position bigint not null default 0
);
comment on table sustainability.outbox_lease is 'Which drainer works, and how far it came. One row.';
comment on column sustainability.outbox_lease.one is 'Keeps the table at one row.';
comment on column sustainability.outbox_lease.holder is 'Random id of the drainer.';
comment on column sustainability.outbox_lease.until is 'When another may take over.';
comment on column sustainability.outbox_lease.position is 'All that was committed up to here has been published.';

insert into sustainability.outbox_lease default values;

alter table sustainability.outbox enable row level security;
alter table sustainability.outbox force row level security;
alter table sustainability.outbox_lease enable row level security;
alter table sustainability.outbox_lease force row level security;
-- A tenant's transaction appends its own events, and cannot see any.
create policy append on sustainability.outbox for insert
  with check (event ->> 'tenantid' = nullif(current_setting('gatehouse.tenant', true), ''));
create policy drain on sustainability.outbox
  using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy drain on sustainability.outbox_lease
  using (nullif(current_setting('gatehouse.platform', true), '') is not null);
