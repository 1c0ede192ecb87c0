alter table clients add column issuer_tenant_id text references tenants (id) on delete cascade;
comment on column clients.issuer_tenant_id is 'The tenant at whose host it registered itself, and whose issuer alone knows it; absent: the deployment''s own issuer.';
