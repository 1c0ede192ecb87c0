create table sustainability.sites (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  code text not null check (code ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$'),
  name text not null check (length(name) between 1 and 200),
  kind text not null check (kind in ('office', 'plant', 'warehouse', 'store', 'data_center', 'other')),
  country text not null check (country ~ '^[A-Z]{2}$'),
  city text not null default '',
  floor_area_m2 numeric(12, 2) check (floor_area_m2 > 0),
  status text not null default 'active' check (status in ('active', 'archived')),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id),
  constraint sites_code_key unique (tenant_id, code)
);
comment on table sustainability.sites is 'Places where an organisation acts: offices, plants, stores.';
comment on column sustainability.sites.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.sites.id is 'Unique in the tenant.';
comment on column sustainability.sites.code is 'The organisations own short name for it, unique in the tenant; imports name sites by it.';
comment on column sustainability.sites.name is 'Shown in lists.';
comment on column sustainability.sites.kind is 'What kind of place it is.';
comment on column sustainability.sites.country is 'ISO 3166-1 alpha-2.';
comment on column sustainability.sites.city is 'Where it is; may be empty.';
comment on column sustainability.sites.floor_area_m2 is 'Square metres; null = not known.';
comment on column sustainability.sites.status is 'New activities are recorded at active sites only.';
comment on column sustainability.sites.created_at is 'When it was created.';
comment on column sustainability.sites.updated_at is 'When it was last changed.';

alter table sustainability.sites enable row level security;
alter table sustainability.sites force row level security;
create policy tenant on sustainability.sites
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.sites from gatehouse_mcp;
grant update (code, name, kind, country, city, floor_area_m2, status, updated_at) on sustainability.sites to gatehouse_mcp;
