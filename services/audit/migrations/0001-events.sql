create table audit.events (
  id uuid primary key,
  tenant text not null check (tenant <> ''),
  time timestamptz(3) not null,
  received timestamptz(3) not null default now(),
  type text not null,
  source text not null,
  node text,
  actor_kind text,
  actor_id text,
  client text,
  grant_id text,
  tool text,
  outcome text,
  reason text,
  duration_ms bigint check (duration_ms >= 0),
  arguments_sha256 text check (arguments_sha256 ~ '^[0-9a-f]{64}$'),
  request_id text,
  traceparent text,
  envelope jsonb not null
);
comment on table audit.events is 'What happened: one row an event, never changed.';
comment on column audit.events.id is 'Id of the event, so that a second delivery changes nothing.';
comment on column audit.events.tenant is 'The tenant it belongs to; * = the platform itself.';
comment on column audit.events.time is 'When it happened, on the clock of the node that says so.';
comment on column audit.events.received is 'When it was stored here.';
comment on column audit.events.type is 'Kind and version of the event, gatehouse.<entity>.<verb>.v<version>.';
comment on column audit.events.source is 'Which service says so.';
comment on column audit.events.node is 'Name of the process that did it.';
comment on column audit.events.actor_kind is 'person, key or service.';
comment on column audit.events.actor_id is 'Id of the person, key or service.';
comment on column audit.events.client is 'OAuth client through which it was done.';
comment on column audit.events.grant_id is 'The grant behind the token.';
comment on column audit.events.tool is 'Name of the tool that was called.';
comment on column audit.events.outcome is 'succeeded, failed, refused, timed-out.';
comment on column audit.events.reason is 'Why it failed or was refused, a stable code.';
comment on column audit.events.duration_ms is 'How long it took, in milliseconds.';
comment on column audit.events.arguments_sha256 is 'Hex SHA-256 of the canonical JSON of the arguments; the arguments are nowhere.';
comment on column audit.events.request_id is 'Id of the HTTP request.';
comment on column audit.events.traceparent is 'W3C trace context.';
comment on column audit.events.envelope is 'The event as it came (CloudEvents 1.0).';

-- Newest first, of one tenant and of all; the id makes the order total.
create index events_by_tenant on audit.events (tenant, time desc, id desc);
create index events_by_time on audit.events (time desc, id desc);
create index events_by_actor on audit.events (actor_id, time desc, id desc);
create index events_by_tool on audit.events (tool, time desc, id desc);

alter table audit.events enable row level security;
alter table audit.events force row level security;
create policy tenant_reads on audit.events for select
  using (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform_reads on audit.events for select
  using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform_stores on audit.events for insert
  with check (nullif(current_setting('gatehouse.platform', true), '') is not null);
-- What was written stays as it was written.
revoke update, delete on audit.events from gatehouse_audit;
