create table tenants (
  id text primary key,
  slug text not null constraint tenants_slug_key unique,
  name text not null,
  plan text not null,
  status text not null default 'active' check (status in ('active', 'suspended')),
  mcp boolean not null default false,
  created_at timestamptz not null default now()
);
comment on table tenants is 'Customers'' organisations.';
comment on column tenants.id is 'One token of a subject: it is part of event subjects.';
comment on column tenants.slug is 'Short name for people and host names.';
comment on column tenants.name is 'As people write it.';
comment on column tenants.plan is 'One of the plans of the profile.';
comment on column tenants.status is 'A suspended tenant keeps its data and is answered 423.';
comment on column tenants.mcp is 'Whether the platform''s operator has switched MCP on.';
comment on column tenants.created_at is 'When it was made.';

create table people (
  id text primary key,
  email text not null,
  name text not null,
  password_hash text,
  tenant_id text references tenants (id),
  created_at timestamptz not null default now()
);
create unique index people_email_key on people (lower(email));
comment on table people is 'Who can sign in. A person exists once, however many tenants they belong to.';
comment on column people.id is 'The subject of tokens; never looks like a client id.';
comment on column people.email is 'Sign-in name; compared without case.';
comment on column people.name is 'As they are shown.';
comment on column people.password_hash is 'Argon2id in PHC form; absent for people who sign in elsewhere.';
comment on column people.tenant_id is 'The organisation that is selected; absent = the first membership.';
comment on column people.created_at is 'When the account was made.';

create table memberships (
  tenant_id text not null references tenants (id) on delete cascade,
  person_id text not null references people (id) on delete cascade,
  role text not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, person_id)
);
create index memberships_person_id on memberships (person_id);
comment on table memberships is 'Who belongs to which tenant.';
comment on column memberships.tenant_id is 'The tenant.';
comment on column memberships.person_id is 'The person.';
comment on column memberships.role is 'One of the roles of the profile.';
comment on column memberships.created_at is 'Since when; the earliest is the organisation selected at first.';

alter table tenants enable row level security;
alter table people enable row level security;
alter table memberships enable row level security;
create policy tenant on tenants using (id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on tenants using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy tenant on memberships using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
create policy platform on memberships using (nullif(current_setting('gatehouse.platform', true), '') is not null);
create policy tenant on people for select using (
  exists (
    select from memberships
    where memberships.person_id = people.id
      and memberships.tenant_id = nullif(current_setting('gatehouse.tenant', true), '')
  )
);
create policy platform on people using (nullif(current_setting('gatehouse.platform', true), '') is not null);
