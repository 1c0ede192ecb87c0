create table bus.streams (
  name                      text primary key,
  subjects                  text[] not null,
  -- Limits; null = none. Seconds, bytes, messages.
  max_age_seconds           bigint,
  max_bytes                 bigint,
  max_messages_per_subject  bigint,
  -- How long the id of a message is remembered, in seconds.
  duplicate_window_seconds  bigint not null,
  -- Position of the newest message ever stored. The row's lock orders the publishers.
  last_sequence             bigint not null default 0,
  -- Differs when a stream was deleted and created anew, so that readers notice.
  incarnation               uuid not null default gen_random_uuid()
);
