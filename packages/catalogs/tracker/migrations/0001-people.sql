-- Who can be assigned, as far as the product has told the tracker. May stay empty.
create table tracker.people (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (length(id) between 1 and 200),
  name text not null,
  email text not null,
  primary key (tenant_id, id)
);
comment on table tracker.people is 'Members of a tenant who may be assigned to entries. Empty = no directory is known, any id is accepted.';
comment on column tracker.people.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column tracker.people.id is 'The subject of the person''s tokens.';
comment on column tracker.people.name is 'Shown beside the id.';
comment on column tracker.people.email is 'Shown where two people share a name.';

alter table tracker.people enable row level security;
alter table tracker.people force row level security;
create policy tenant on tracker.people
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on tracker.people from gatehouse_mcp;
