alter table api_keys add column kind text not null default 'organisation' check (kind in ('organisation', 'project'));
alter table api_keys add column project text;
alter table api_keys add column version integer not null default 1 check (version > 0);
alter table api_keys add column created_by text references people (id) on delete set null;
alter table api_keys add constraint api_keys_project_check check ((kind = 'project') = (project is not null));
comment on column api_keys.kind is 'organisation; or project, for the company''s own interfaces alone.';
comment on column api_keys.project is 'Which project, as the company names it.';
comment on column api_keys.version is 'Grows with each change of what it may do, so that nodes tell what they learnt before from what holds.';
comment on column api_keys.created_by is 'The person who made it on the page; absent: an operator.';
