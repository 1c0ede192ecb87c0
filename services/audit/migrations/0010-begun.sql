create table audit.begun (
  call uuid primary key,
  tenant text not null check (tenant <> ''),
  due_at timestamptz not null,
  envelope jsonb not null
);
comment on table audit.begun is 'Tool calls that began and may not have ended, until their lease is over.';
comment on column audit.begun.call is 'Id of the event that tells how it ended.';
comment on column audit.begun.tenant is 'Whose call it is.';
comment on column audit.begun.due_at is 'When it is closed as unknown, if there is no such event.';
comment on column audit.begun.envelope is 'The event that told of the beginning (CloudEvents 1.0).';
create index begun_due_at on audit.begun (due_at);

alter table audit.begun enable row level security;
alter table audit.begun force row level security;
create policy platform on audit.begun
  using (nullif(current_setting('gatehouse.platform', true), '') is not null)
  with check (nullif(current_setting('gatehouse.platform', true), '') is not null);
