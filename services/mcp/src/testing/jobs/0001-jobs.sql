create table runs (
  tenant text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  tool text not null,
  note text not null,
  phase text not null
);
create table claims (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);
