create table tasks (
  id text primary key check (length(id) >= 22),
  tenant text not null check (tenant <> ''),
  subject text not null,
  client text,
  tool text not null,
  call text,
  status text not null default 'working' check (status in ('working', 'input_required', 'completed', 'failed', 'cancelled')),
  status_message text,
  outcome text,
  created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  cancelled_at timestamptz(3),
  node text,
  lease_until timestamptz(3),
  fence integer not null default 1,
  waiting boolean not null default false,
  event_id uuid not null default gen_random_uuid(),
  constraint tasks_ended check ((status in ('completed', 'failed')) = (outcome is not null)),
  constraint tasks_leased check ((status in ('working', 'input_required')) = (lease_until is not null and call is not null))
);
comment on table tasks is 'Tool calls that run as tasks (extension io.modelcontextprotocol/tasks).';
comment on column tasks.id is 'Names the task to its client; 192 random bits.';
comment on column tasks.tenant is 'Whose call it is.';
comment on column tasks.subject is 'The person, key or service that called.';
comment on column tasks.client is 'OAuth client through which it called; absent for API keys.';
comment on column tasks.tool is 'What runs.';
comment on column tasks.call is 'Everything that another node needs to run it, as JSON; gone once the task has ended.';
comment on column tasks.status is 'As the client sees it.';
comment on column tasks.status_message is 'For people: why, or how far.';
comment on column tasks.outcome is 'JSON text of the result (completed) or of the JSON-RPC error (failed).';
comment on column tasks.updated_at is 'Last change that the client can see.';
comment on column tasks.expires_at is 'Until then it can be read; later it may be deleted.';
comment on column tasks.cancelled_at is 'When the client, a revocation or the workspace asked for its end.';
comment on column tasks.node is 'Who runs it, or ran it last.';
comment on column tasks.lease_until is 'When it is nobody''s, unless the node renews; absent once the task has ended.';
comment on column tasks.fence is 'Grows with each owner: what an earlier one writes late is not taken.';
comment on column tasks.waiting is 'The tool waits for answers and has had no effect yet, so another node may begin it again.';
comment on column tasks.event_id is 'Id of its audit event, whichever node records it.';

create index tasks_open on tasks (tenant, subject) where lease_until is not null;
create index tasks_lease_until on tasks (lease_until) where lease_until is not null;
create index tasks_expires_at on tasks (expires_at);

create table task_inputs (
  task_id text not null references tasks (id) on delete cascade,
  tenant text not null,
  key text not null,
  name text not null,
  number integer not null,
  request text not null,
  response text,
  primary key (task_id, key)
);
comment on table task_inputs is 'What tasks asked their clients. Keys are never used again while the task is there.';
comment on column task_inputs.tenant is 'Whose task it is.';
comment on column task_inputs.key is 'Names the request to the client.';
comment on column task_inputs.name is 'Names it to the tool.';
comment on column task_inputs.number is 'Order in which they were asked.';
comment on column task_inputs.request is 'JSON text of the request.';
comment on column task_inputs.response is 'JSON text of the answer; absent = outstanding.';

alter table tasks enable row level security;
alter table task_inputs enable row level security;
create policy tenant on tasks using (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on tasks using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy tenant on task_inputs using (tenant = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on task_inputs using (nullif(current_setting('gatehouse.platform', true), '') is not null);
