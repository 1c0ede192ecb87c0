create table sustainability.forms (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  name text not null check (length(name) between 1 and 200),
  description text not null default '',
  status text not null check (status in ('draft', 'published', 'archived')),
  created_by text not null check (length(created_by) between 1 and 200),
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, id)
);
comment on table sustainability.forms is 'Questionnaires by which data are collected.';
comment on column sustainability.forms.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.forms.id is 'Unique in the tenant.';
comment on column sustainability.forms.name is 'Shown in lists.';
comment on column sustainability.forms.description is 'What it is for.';
comment on column sustainability.forms.status is 'Drafts are not sent out; archived ones no more.';
comment on column sustainability.forms.created_by is 'Subject of the person, key or service that created it.';
comment on column sustainability.forms.created_at is 'When it was created.';
comment on column sustainability.forms.updated_at is 'When it was last changed.';

-- Latest change first.
create index forms_latest on sustainability.forms (tenant_id, updated_at desc, id);

alter table sustainability.forms enable row level security;
alter table sustainability.forms force row level security;
create policy tenant on sustainability.forms
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.forms from gatehouse_mcp;
grant update (name, description, status, updated_at) on sustainability.forms to gatehouse_mcp;

create table sustainability.form_elements (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  form_id text not null,
  position integer not null check (position >= 0),
  label text not null check (length(label) between 1 and 300),
  kind text not null check (kind in ('text', 'number', 'date', 'boolean', 'choice')),
  unit text check (length(unit) between 1 and 20),
  required boolean not null,
  options jsonb not null default '[]' check (jsonb_typeof(options) = 'array'),
  retired_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, form_id) references sustainability.forms (tenant_id, id)
);
comment on table sustainability.form_elements is 'The questions of a form.';
comment on column sustainability.form_elements.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.form_elements.id is 'Unique in the tenant.';
comment on column sustainability.form_elements.form_id is 'The form, of the same tenant.';
comment on column sustainability.form_elements.position is 'Order in the form, from 0.';
comment on column sustainability.form_elements.label is 'The question.';
comment on column sustainability.form_elements.kind is 'What is answered; it never changes.';
comment on column sustainability.form_elements.unit is 'Unit of a number; null = none.';
comment on column sustainability.form_elements.required is 'Whether it has to be answered.';
comment on column sustainability.form_elements.options is 'Possible answers of a choice.';
comment on column sustainability.form_elements.retired_at is 'When it was taken out of the form; answers given before stay.';

create index form_elements_of_form on sustainability.form_elements (tenant_id, form_id, position, id);

alter table sustainability.form_elements enable row level security;
alter table sustainability.form_elements force row level security;
create policy tenant on sustainability.form_elements
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.form_elements from gatehouse_mcp;
grant update (position, label, unit, required, options, retired_at) on sustainability.form_elements to gatehouse_mcp;

create table sustainability.form_deployments (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  form_id text not null,
  site_id text not null,
  period_start date not null,
  period_end date not null,
  due_on date not null,
  status text not null check (status in ('scheduled', 'open', 'closed')),
  submission_count integer not null default 0 check (submission_count >= 0),
  primary key (tenant_id, id),
  check (period_start <= period_end),
  foreign key (tenant_id, form_id) references sustainability.forms (tenant_id, id),
  foreign key (tenant_id, site_id) references sustainability.sites (tenant_id, id)
);
comment on table sustainability.form_deployments is 'A form sent to a site for a period.';
comment on column sustainability.form_deployments.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.form_deployments.id is 'Unique in the tenant.';
comment on column sustainability.form_deployments.form_id is 'The form, of the same tenant.';
comment on column sustainability.form_deployments.site_id is 'The site, of the same tenant.';
comment on column sustainability.form_deployments.period_start is 'First day that is asked about.';
comment on column sustainability.form_deployments.period_end is 'Last day that is asked about.';
comment on column sustainability.form_deployments.due_on is 'When it has to be answered.';
comment on column sustainability.form_deployments.status is 'Only open ones are answered.';
comment on column sustainability.form_deployments.submission_count is 'How many submissions it has.';

create index form_deployments_of_form on sustainability.form_deployments (tenant_id, form_id, due_on desc, id);
create index form_deployments_of_site on sustainability.form_deployments (tenant_id, site_id, due_on desc, id);
create index form_deployments_latest on sustainability.form_deployments (tenant_id, due_on desc, id);

alter table sustainability.form_deployments enable row level security;
alter table sustainability.form_deployments force row level security;
create policy tenant on sustainability.form_deployments
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.form_deployments from gatehouse_mcp;

create table sustainability.form_submissions (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  deployment_id text not null,
  form_id text not null,
  site_id text not null,
  status text not null check (status in ('draft', 'submitted', 'approved', 'rejected')),
  submitted_by text not null check (length(submitted_by) between 1 and 200),
  submitted_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, deployment_id) references sustainability.form_deployments (tenant_id, id),
  foreign key (tenant_id, form_id) references sustainability.forms (tenant_id, id),
  foreign key (tenant_id, site_id) references sustainability.sites (tenant_id, id)
);
comment on table sustainability.form_submissions is 'One answer to a deployment.';
comment on column sustainability.form_submissions.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.form_submissions.id is 'Unique in the tenant.';
comment on column sustainability.form_submissions.deployment_id is 'The deployment, of the same tenant.';
comment on column sustainability.form_submissions.form_id is 'The form of the deployment.';
comment on column sustainability.form_submissions.site_id is 'The site of the deployment.';
comment on column sustainability.form_submissions.status is 'How far it is.';
comment on column sustainability.form_submissions.submitted_by is 'Subject of the person who answered.';
comment on column sustainability.form_submissions.submitted_at is 'When it was last saved by them.';

create index form_submissions_of_form on sustainability.form_submissions (tenant_id, form_id, submitted_at desc, id);
create index form_submissions_of_deployment on sustainability.form_submissions (tenant_id, deployment_id, submitted_at desc, id);
create index form_submissions_of_site on sustainability.form_submissions (tenant_id, site_id, submitted_at desc, id);
create index form_submissions_latest on sustainability.form_submissions (tenant_id, submitted_at desc, id);

alter table sustainability.form_submissions enable row level security;
alter table sustainability.form_submissions force row level security;
create policy tenant on sustainability.form_submissions
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.form_submissions from gatehouse_mcp;

create table sustainability.submission_values (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  submission_id text not null,
  element_id text not null,
  value jsonb not null check (jsonb_typeof(value) in ('string', 'number', 'boolean')),
  primary key (tenant_id, submission_id, element_id),
  foreign key (tenant_id, submission_id) references sustainability.form_submissions (tenant_id, id),
  foreign key (tenant_id, element_id) references sustainability.form_elements (tenant_id, id)
);
comment on table sustainability.submission_values is 'What a submission says to each element.';
comment on column sustainability.submission_values.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column sustainability.submission_values.submission_id is 'The submission, of the same tenant.';
comment on column sustainability.submission_values.element_id is 'The element, of the same tenant.';
comment on column sustainability.submission_values.value is 'A text, a date as text, a number, or yes or no.';

alter table sustainability.submission_values enable row level security;
alter table sustainability.submission_values force row level security;
create policy tenant on sustainability.submission_values
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on sustainability.submission_values from gatehouse_mcp;
