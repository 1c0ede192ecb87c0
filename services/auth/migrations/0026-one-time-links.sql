create table one_time_links (
  hash bytea primary key check (length(hash) = 32),
  purpose text not null check (purpose in ('password', 'invitation')),
  person_id text references people (id) on delete cascade,
  invitation_id text references invitations (id) on delete cascade,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz,
  constraint one_time_links_person_check check ((purpose = 'password') = (person_id is not null)),
  constraint one_time_links_invitation_check check ((purpose = 'invitation') = (invitation_id is not null))
);
create index one_time_links_person_id on one_time_links (person_id);
create index one_time_links_invitation_id on one_time_links (invitation_id);
comment on table one_time_links is 'Links that prove an address: who has one may set a password, or take an invitation, once.';
comment on column one_time_links.hash is 'SHA-256 of what the link carries; the value itself is nowhere.';
comment on column one_time_links.purpose is 'password or invitation.';
comment on column one_time_links.person_id is 'Whose password.';
comment on column one_time_links.invitation_id is 'Which invitation.';
comment on column one_time_links.created_at is 'When it was made.';
comment on column one_time_links.expires_at is 'Until when it can be used.';
comment on column one_time_links.used_at is 'When it was used; from then on it opens nothing.';
alter table one_time_links enable row level security;
create policy platform on one_time_links using (nullif(current_setting('gatehouse.platform', true), '') is not null);
