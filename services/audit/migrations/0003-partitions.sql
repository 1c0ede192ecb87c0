-- Partitions by retention class and month of the event's time, so that what is old goes by dropping a table. An id is unique
-- together with class and time, which are the same whenever an event is delivered again.
alter table audit.events rename to events_before;
alter table audit.events_before rename constraint events_pkey to events_before_pkey;
drop index audit.events_by_tenant, audit.events_by_time, audit.events_by_actor, audit.events_by_tool;

create table audit.events (
  id uuid not null,
  tenant text collate "C" not null check (tenant <> ''),
  class text collate "C" not null,
  time timestamptz(3) not null,
  received timestamptz(3) not null default now(),
  type text not null,
  source text not null,
  node text,
  actor_kind text,
  actor_id text,
  actor_identity text check (actor_identity ~ '^[0-9a-f]{64}$'),
  client text,
  grant_id text,
  tool text,
  action text,
  outcome text,
  reason text,
  duration_ms bigint check (duration_ms >= 0),
  arguments_sha256 text check (arguments_sha256 ~ '^[0-9a-f]{64}$'),
  request_id text,
  traceparent text,
  rest jsonb not null default '{}' check (jsonb_typeof(rest) = 'object'),
  seq bigint,
  hash text check (hash ~ '^[0-9a-f]{64}$'),
  check (actor_id is null or actor_identity is null),
  check ((seq is null) = (hash is null)),
  primary key (id, class, time)
) partition by list (class);
comment on table audit.events is 'What happened: one row an event. Sealed once, never changed after.';
comment on column audit.events.id is 'Id of the event, so that a second delivery changes nothing.';
comment on column audit.events.tenant is 'The tenant it belongs to; * = the platform itself.';
comment on column audit.events.class is 'How long it is kept: see audit.retention.';
comment on column audit.events.time is 'When it happened, on the clock of the node that says so.';
comment on column audit.events.received is 'When it was stored here.';
comment on column audit.events.type is 'Kind and version of the event, gatehouse.<entity>.<verb>.v<version>.';
comment on column audit.events.source is 'Which service says so.';
comment on column audit.events.node is 'Name of the process that did it.';
comment on column audit.events.actor_kind is 'person, key or service.';
comment on column audit.events.actor_id is 'Id of the key or service. Of a person: see actor_identity.';
comment on column audit.events.actor_identity is 'Salted hash of the person; who that is stands in audit.identities and can be erased.';
comment on column audit.events.client is 'OAuth client through which it was done.';
comment on column audit.events.grant_id is 'The grant behind the token.';
comment on column audit.events.tool is 'Name of the tool that was called.';
comment on column audit.events.action is 'What was done, where it was no call of a tool.';
comment on column audit.events.outcome is 'How it ended: succeeded, failed, refused, timed-out, unknown.';
comment on column audit.events.reason is 'Why it failed or was refused, a stable code.';
comment on column audit.events.duration_ms is 'How long it took, in milliseconds.';
comment on column audit.events.arguments_sha256 is 'Hex SHA-256 of the canonical JSON of the arguments; the arguments are nowhere.';
comment on column audit.events.request_id is 'Id of the HTTP request.';
comment on column audit.events.traceparent is 'W3C trace context.';
comment on column audit.events.rest is 'What else the event says, as its kind has it.';
comment on column audit.events.seq is 'Its place in the chain of its tenant, class and month, from 1; null until it is sealed.';
comment on column audit.events.hash is 'Hex SHA-256 of that chain up to here.';

-- Newest first, of one tenant and of all; the id makes the order total.
create index events_by_tenant on audit.events (tenant, time desc, id desc);
create index events_by_time on audit.events (time desc, id desc);
create index events_by_actor on audit.events (actor_id, time desc, id desc) where actor_id is not null;
create index events_by_identity on audit.events (actor_identity, time desc, id desc) where actor_identity is not null;
create index events_by_tool on audit.events (tool, time desc, id desc);
create index events_by_arrival on audit.events (received, id);
create index events_by_seal on audit.events (tenant, class, seq) where seq is not null;
create index events_unsealed on audit.events (tenant, received, id) where seq is null;

create table audit.events_standard partition of audit.events for values in ('standard') partition by range (time);
create table audit.events_security partition of audit.events for values in ('security') partition by range (time);
-- What no month has a partition for: late, or from the future.
create table audit.events_standard_rest partition of audit.events_standard default;
create table audit.events_security_rest partition of audit.events_security default;
-- The way to the rows is the table above, where their policies are.
revoke all on audit.events_standard, audit.events_security, audit.events_standard_rest, audit.events_security_rest
  from gatehouse_audit;

alter table audit.events enable row level security;
alter table audit.events force row level security;
create policy tenant_reads on audit.events for select
  using (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform_reads on audit.events for select
  using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform_stores on audit.events for insert
  with check (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy platform_seals on audit.events for update
  using (nullif(current_setting('gatehouse.platform', true), '') is not null and seq is null)
  with check (nullif(current_setting('gatehouse.platform', true), '') is not null);
-- What was written stays as it was written; a row gets its place in the chain once.
revoke update, delete, truncate on audit.events from gatehouse_audit;
grant update (seq, hash) on audit.events to gatehouse_audit;

create table audit.identities (
  tenant text collate "C" not null check (tenant <> ''),
  identity text not null check (identity ~ '^[0-9a-f]{64}$'),
  person text not null check (person <> ''),
  salt bytea not null check (length(salt) >= 32),
  created_at timestamptz not null default now(),
  primary key (tenant, identity),
  unique (person, tenant)
);
comment on table audit.identities is 'Who the persons of the log are. Deleting a row erases the person; the log stays provable.';
comment on column audit.identities.tenant is 'The tenant in whose log the person stands.';
comment on column audit.identities.identity is 'Hex SHA-256 of salt, tenant, line feed, person; what the log commits to.';
comment on column audit.identities.person is 'Id of the person.';
comment on column audit.identities.salt is 'Random; without it the hash cannot be tried out.';
alter table audit.identities enable row level security;
alter table audit.identities force row level security;
create policy tenant_reads on audit.identities for select
  using (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on audit.identities
  using (nullif(current_setting('gatehouse.platform', true), '') is not null)
  with check (nullif(current_setting('gatehouse.platform', true), '') is not null);
revoke update on audit.identities from gatehouse_audit;

create table audit.retention (
  class text collate "C" primary key,
  months integer check (months >= 1)
);
comment on table audit.retention is 'How long events are kept, by class.';
comment on column audit.retention.months is 'Whole months after the one of the event; null = for ever.';
insert into audit.retention (class, months) values ('security', null), ('standard', null);
alter table audit.retention enable row level security;
alter table audit.retention force row level security;
create policy everybody_reads on audit.retention for select using (true);
create policy platform_sets on audit.retention for update
  using (nullif(current_setting('gatehouse.platform', true), '') is not null)
  with check (nullif(current_setting('gatehouse.platform', true), '') is not null);
revoke insert, delete on audit.retention from gatehouse_audit;

-- The run-time role owns nothing, so months come and go through these two.
create function audit.add_month(kind text, month date) returns boolean
language plpgsql security definer set search_path = pg_catalog, pg_temp as $add$
declare
  parent text := format('events_%s', kind);
  part text := format('events_%s_%s', kind, to_char(month, 'YYYY_MM'));
  begins timestamptz := month::timestamp at time zone 'UTC';
  ends timestamptz := (month + interval '1 month') at time zone 'UTC';
begin
  if not exists (select from audit.retention where class = kind) or month <> date_trunc('month', month) then
    raise exception 'no such partition' using errcode = '22023';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('gatehouse.audit.months', 0));
  if to_regclass(format('audit.%I', part)) is not null then return false; end if;
  execute format('create table audit.%I (like audit.%I including defaults including constraints)', part, parent);
  execute format('with moved as (delete from audit.%I where time >= %L and time < %L returning *)
    insert into audit.%I select * from moved', parent || '_rest', begins, ends, part);
  execute format('alter table audit.%I attach partition audit.%I for values from (%L) to (%L)', parent, part, begins, ends);
  execute format('revoke all on audit.%I from gatehouse_audit', part);
  return true;
end $add$;
comment on function audit.add_month is 'A partition of its own for one month of one class.';

create function audit.drop_month(kind text, month date) returns void
language plpgsql security definer set search_path = pg_catalog, pg_temp as $drop$
declare
  keep integer := (select months from audit.retention where class = kind);
  parent text := format('events_%s', kind);
  part text := format('events_%s_%s', kind, to_char(month, 'YYYY_MM'));
  begins timestamptz := month::timestamp at time zone 'UTC';
  ends timestamptz := (month + interval '1 month') at time zone 'UTC';
  open_rows boolean;
begin
  if keep is null or month <> date_trunc('month', month)
    or (ends at time zone 'UTC') + make_interval(months => keep) > (now() at time zone 'UTC') then
    raise exception 'the time of these events is not over' using errcode = '55000';
  end if;
  perform pg_advisory_xact_lock(hashtextextended('gatehouse.audit.months', 0));
  execute format('select exists (select from audit.%I where time >= %L and time < %L and seq is null)', parent, begins, ends)
    into open_rows;
  if open_rows then raise exception 'some of these events are not sealed yet' using errcode = '55006'; end if;
  if to_regclass(format('audit.%I', part)) is not null then execute format('drop table audit.%I', part); end if;
  execute format('delete from audit.%I where time >= %L and time < %L', parent || '_rest', begins, ends);
end $drop$;
comment on function audit.drop_month is 'Drops one month of one class when its time is over and all of it is sealed.';
revoke all on function audit.add_month, audit.drop_month from public;
grant execute on function audit.add_month, audit.drop_month to gatehouse_audit;

-- What was stored before gets its place. The names are checked by the functions, the rows by the same constraints as new ones.
select set_config('gatehouse.platform', 'audit: migration', true);
select audit.add_month('standard', months.month) from (
  select distinct date_trunc('month', time at time zone 'UTC')::date as month from audit.events_before
  union select date_trunc('month', now() at time zone 'UTC')::date
) as months;
select audit.add_month('security', date_trunc('month', now() at time zone 'UTC')::date);
insert into audit.identities (tenant, identity, person, salt)
  select tenant, encode(sha256(salt || convert_to(tenant || E'\n' || actor_id, 'UTF8')), 'hex'), actor_id, salt from (
    select tenant, actor_id, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt
    from (select distinct tenant, actor_id from audit.events_before where actor_kind = 'person' and actor_id <> '') as people
  ) as salted;
insert into audit.events (id, tenant, class, time, received, type, source, node, actor_kind, actor_id, actor_identity, client,
    grant_id, tool, outcome, reason, duration_ms, arguments_sha256, request_id, traceparent, rest)
  select e.id, e.tenant, 'standard', e.time, e.received, e.type, e.source, e.node, e.actor_kind,
    case when i.identity is null then e.actor_id end, i.identity, e.client, e.grant_id, e.tool, e.outcome, e.reason,
    e.duration_ms, e.arguments_sha256, e.request_id, e.traceparent,
    case when jsonb_typeof(e.envelope -> 'data') = 'object'
      then (e.envelope -> 'data') - '{tool,outcome,reason,durationMs,argumentsSha256,actor,requestId,node}'::text[]
      else '{}' end
  from audit.events_before as e
  left join audit.identities as i on e.actor_kind = 'person' and i.tenant = e.tenant and i.person = e.actor_id;
drop table audit.events_before;
