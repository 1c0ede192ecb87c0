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
alter table outbox enable row level security;
alter table outbox_lease enable row level security;
create policy append on outbox for insert with check (true);
create policy drain on outbox using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy drain on outbox_lease using (nullif(current_setting('gatehouse.platform', true), '') is not null);

create table instances (
  id text primary key,
  node text not null,
  lease_until timestamptz not null
);
comment on table instances is 'Processes that serve MCP and hold connections.';
comment on column instances.id is 'Drawn at its start: a process that comes back is another one.';
comment on column instances.node is 'Name of the node.';
comment on column instances.lease_until is 'When its connections are nobody''s, unless it renews.';

create table connections (
  id text primary key,
  tenant text not null check (tenant <> ''),
  transport text not null,
  actor jsonb not null,
  revision text not null,
  request_id text,
  instance text,
  node text not null,
  opened_at timestamptz(3) not null,
  expires_at timestamptz
);
comment on table connections is 'What clients hold to hear of changes: that it was opened is in the audit log, that it has ended will be once.';
comment on column connections.id is 'Names the session or the stream.';
comment on column connections.tenant is 'Whose it is.';
comment on column connections.transport is 'session, http-sse or listen.';
comment on column connections.actor is 'Who holds it, as the audit log names it.';
comment on column connections.revision is 'MCP revision that it speaks.';
comment on column connections.request_id is 'Id of the HTTP request that opened it.';
comment on column connections.instance is 'The process that it ends with; absent for sessions, which any node goes on with.';
comment on column connections.node is 'Where it was opened.';
comment on column connections.opened_at is 'When it was opened.';
comment on column connections.expires_at is 'When it is over in any case; absent for streams.';
create index connections_instance on connections (instance) where instance is not null;
create index connections_expires_at on connections (expires_at) where expires_at is not null;

alter table instances enable row level security;
alter table connections enable row level security;
create policy platform on instances using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform on connections using (nullif(current_setting('gatehouse.platform', true), '') is not null);
