create table audit_outbox (
  position bigint generated always as identity primary key,
  id text not null,
  subject text not null,
  event json not null,
  headers json not null,
  created_at timestamptz not null default now()
);
comment on table audit_outbox is 'Events of the audit log, until they are published: what waits here holds up no revocation.';
comment on column audit_outbox.position is 'Order of appending.';
comment on column audit_outbox.id is 'Id of the event.';
comment on column audit_outbox.subject is 'Where it is published.';
comment on column audit_outbox.event is 'The CloudEvents envelope, to the letter.';
comment on column audit_outbox.headers is 'Headers of the message.';
comment on column audit_outbox.created_at is 'When it was appended.';
create table audit_outbox_lease (
  one boolean primary key default true check (one),
  holder text not null default '',
  until timestamptz not null default '-infinity',
  position bigint not null default 0
);
comment on table audit_outbox_lease is 'Who drains it.';
comment on column audit_outbox_lease.one is 'There is one row.';
comment on column audit_outbox_lease.holder is 'The drainer that has it.';
comment on column audit_outbox_lease.until is 'How long.';
comment on column audit_outbox_lease.position is 'Everything up to here has been published.';
insert into audit_outbox_lease default values;
alter table audit_outbox enable row level security;
alter table audit_outbox_lease enable row level security;
create policy append on audit_outbox for insert with check (true);
create policy drain on audit_outbox using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy drain on audit_outbox_lease using (nullif(current_setting('gatehouse.platform', true), '') is not null);
