create table sustainability.datasets (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  name text not null check (length(name) between 1 and 200),
  description text not null default '',
  category text not null check (category in ('electricity', 'heat', 'fuel', 'vehicles', 'travel', 'freight', 'goods', 'waste', 'water')),
  activity_count bigint not null default 0 check (activity_count >= 0),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
comment on table sustainability.datasets is 'What activities are collected in: one kind of data of an organisation.';
comment on column sustainability.datasets.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.datasets.id is 'Unique in the tenant.';
comment on column sustainability.datasets.name is 'Shown in lists.';
comment on column sustainability.datasets.description is 'What it holds.';
comment on column sustainability.datasets.category is 'What its activities are.';
comment on column sustainability.datasets.activity_count is 'Number of its activities, kept with each change in one transaction.';
comment on column sustainability.datasets.created_at is 'When it was created.';
comment on column sustainability.datasets.updated_at is 'When it was last changed.';

create index datasets_by_name on sustainability.datasets (tenant_id, name, id);

alter table sustainability.datasets enable row level security;
alter table sustainability.datasets force row level security;
create policy tenant on sustainability.datasets
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.datasets from gatehouse_mcp;
grant update (activity_count, updated_at) on sustainability.datasets to gatehouse_mcp;

create table sustainability.dashboards (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  name text not null check (length(name) between 1 and 200),
  description text not null default '',
  widget_count integer not null default 0 check (widget_count between 0 and 50),
  created_by text not null check (length(created_by) between 1 and 200),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
comment on table sustainability.dashboards is 'Pages of widgets.';
comment on column sustainability.dashboards.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.dashboards.id is 'Unique in the tenant.';
comment on column sustainability.dashboards.name is 'Shown in lists.';
comment on column sustainability.dashboards.description is 'What it shows.';
comment on column sustainability.dashboards.widget_count is 'Number of its widgets, kept with each in one transaction.';
comment on column sustainability.dashboards.created_by is 'Subject of the person, key or service that created it.';
comment on column sustainability.dashboards.created_at is 'When it was created.';
comment on column sustainability.dashboards.updated_at is 'When it was last changed.';

create index dashboards_latest on sustainability.dashboards (tenant_id, updated_at desc, id);

alter table sustainability.dashboards enable row level security;
alter table sustainability.dashboards force row level security;
create policy tenant on sustainability.dashboards
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.dashboards from gatehouse_mcp;
grant update (name, description, widget_count, updated_at) on sustainability.dashboards to gatehouse_mcp;

create table sustainability.dashboard_widgets (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  dashboard_id text not null,
  position integer not null check (position between 0 and 999),
  title text not null check (length(title) between 1 and 200),
  kind text not null check (kind in ('number', 'line', 'bar', 'pie', 'table')),
  indicator_id text,
  dataset_id text,
  primary key (tenant_id, id),
  check (num_nonnulls(indicator_id, dataset_id) = 1),
  foreign key (tenant_id, dashboard_id) references sustainability.dashboards (tenant_id, id),
  foreign key (tenant_id, indicator_id) references sustainability.kpi_indicators (tenant_id, id),
  foreign key (tenant_id, dataset_id) references sustainability.datasets (tenant_id, id)
);
comment on table sustainability.dashboard_widgets is 'What a dashboard shows: one indicator or one dataset each.';
comment on column sustainability.dashboard_widgets.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.dashboard_widgets.id is 'Unique in the tenant.';
comment on column sustainability.dashboard_widgets.dashboard_id is 'The dashboard, of the same tenant.';
comment on column sustainability.dashboard_widgets.position is 'Order on the page.';
comment on column sustainability.dashboard_widgets.title is 'Above the widget.';
comment on column sustainability.dashboard_widgets.kind is 'How it is drawn.';
comment on column sustainability.dashboard_widgets.indicator_id is 'The indicator that it shows, of the same tenant.';
comment on column sustainability.dashboard_widgets.dataset_id is 'Or the dataset.';

create index dashboard_widgets_of_dashboard on sustainability.dashboard_widgets (tenant_id, dashboard_id, position, id);

alter table sustainability.dashboard_widgets enable row level security;
alter table sustainability.dashboard_widgets force row level security;
create policy tenant on sustainability.dashboard_widgets
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.dashboard_widgets from gatehouse_mcp;
grant update (position, title, kind, indicator_id, dataset_id) on sustainability.dashboard_widgets to gatehouse_mcp;
