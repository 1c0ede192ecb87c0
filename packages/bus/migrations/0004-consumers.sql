create table bus.consumers (
  stream    text not null references bus.streams (name) on delete cascade,
  durable   text not null,
  -- Everything up to here has been acknowledged.
  position  bigint not null,
  primary key (stream, durable)
);
