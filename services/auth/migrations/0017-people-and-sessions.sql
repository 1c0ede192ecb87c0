alter table people add column deactivated_at timestamptz;
alter table people add column switched_at timestamptz;
comment on column people.deactivated_at is 'Since when the account cannot be used; absent for one that can.';
comment on column people.switched_at is 'When another organisation was selected last.';
comment on column people.password_hash is 'Argon2id in PHC form; absent for people who only sign in at another provider.';

-- Rows from before get an id of their own too.
alter table sessions add column id text not null default 'ses_' || replace(gen_random_uuid()::text, '-', '');
alter table sessions add constraint sessions_id_key unique (id);
alter table sessions add column method text not null default 'password';
alter table sessions add column user_agent text not null default '';
alter table sessions add column network text not null default '';
comment on column sessions.id is 'Names it on the page of sessions and in the admin API; it opens nothing.';
comment on column sessions.auth_time is 'When the person proved who they are, here or at the provider that vouches for them.';
comment on column sessions.method is 'password, or upstream: and the id of the provider.';
comment on column sessions.user_agent is 'What the browser called itself at the sign-in, cut; hostile until shown through the pages'' helpers.';
comment on column sessions.network is 'From about where: the first 24 bits of an IPv4 address, 48 of an IPv6 address. The address itself is not kept.';

create index grants_person_id on grants (person_id) where ended_at is null;
