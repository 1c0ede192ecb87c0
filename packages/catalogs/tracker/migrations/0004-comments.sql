create table tracker.comments (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  entry_id text not null,
  author_id text not null check (length(author_id) between 1 and 200),
  content text not null check (length(content) > 0),
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, entry_id) references tracker.entries (tenant_id, id)
);
comment on table tracker.comments is 'What people and agents say about an entry. Never edited.';
comment on column tracker.comments.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column tracker.comments.id is 'Unique in the tenant.';
comment on column tracker.comments.entry_id is 'The entry, of the same tenant.';
comment on column tracker.comments.author_id is 'Subject of the person, key or service that wrote it.';
comment on column tracker.comments.content is 'Markdown.';
comment on column tracker.comments.created_at is 'When it was written.';

-- An entry's comments in the order of writing.
create index comments_of_entry on tracker.comments (tenant_id, entry_id, created_at, id);

alter table tracker.comments enable row level security;
alter table tracker.comments force row level security;
create policy tenant on tracker.comments
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on tracker.comments from gatehouse_mcp;
