create table audit.dead_letters (
  subject text not null,
  sequence bigint not null,
  published timestamptz not null,
  part integer not null check (part >= 0),
  received timestamptz not null default now(),
  reason text not null,
  payload bytea not null,
  -- A stream that was created anew counts from 1 again; the time tells its messages from the old ones.
  primary key (subject, sequence, published, part)
);
comment on table audit.dead_letters is 'What came over the bus and could not be stored as an event, kept for an operator.';
comment on column audit.dead_letters.subject is 'Subject of the message.';
comment on column audit.dead_letters.sequence is 'Position of the message in its stream.';
comment on column audit.dead_letters.published is 'When the stream stored the message.';
comment on column audit.dead_letters.part is 'Which event of the message, from 1; 0 = the whole message.';
comment on column audit.dead_letters.received is 'When it was set aside here.';
comment on column audit.dead_letters.reason is 'Why it could not be stored, a stable code.';
comment on column audit.dead_letters.payload is 'The bytes as they came; of one event, its JSON.';

alter table audit.dead_letters enable row level security;
alter table audit.dead_letters force row level security;
create policy platform on audit.dead_letters
  using (nullif(current_setting('gatehouse.platform', true), '') is not null)
  with check (nullif(current_setting('gatehouse.platform', true), '') is not null);
revoke update on audit.dead_letters from gatehouse_audit;
