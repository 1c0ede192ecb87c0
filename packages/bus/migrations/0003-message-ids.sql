-- Apart from the messages: an id is known for the whole duplicate window, also when its message has been displaced.
create table bus.message_ids (
  stream    text not null references bus.streams (name) on delete cascade,
  id        text not null,
  -- Where the message was stored.
  sequence  bigint not null,
  time      timestamptz not null,
  primary key (stream, id)
);

create index message_ids_by_time on bus.message_ids (stream, time);
