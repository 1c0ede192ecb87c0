create table bus.messages (
  stream    text not null references bus.streams (name) on delete cascade,
  -- From 1; a number that was given to a repeated publish stays unused.
  sequence  bigint not null,
  subject   text not null,
  data      bytea not null,
  headers   jsonb not null,
  -- When it was stored, by the clock of the process.
  time      timestamptz not null,
  primary key (stream, sequence)
);

create index messages_by_subject on bus.messages (stream, subject, sequence);
create index messages_by_time on bus.messages (stream, time);
