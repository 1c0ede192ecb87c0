-- Times are kept to the millisecond: cursors hold them as clients can read them.
create table compliance.assessments (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  name text not null check (length(name) between 1 and 200),
  framework text not null check (length(framework) between 1 and 200),
  scope text not null default '' check (length(scope) <= 2000),
  status text not null check (status in ('draft', 'in_progress', 'in_review', 'finalized', 'archived')),
  lead text not null check (length(lead) between 1 and 200),
  due_on date,
  score numeric(4, 1) check (score between 0 and 100),
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  finalized_at timestamptz(3),
  primary key (tenant_id, id),
  check (status <> 'finalized' or finalized_at is not null),
  check (status in ('finalized', 'archived') or finalized_at is null),
  check ((finalized_at is null) = (score is null))
);
comment on table compliance.assessments is 'One look at how far a part of the company keeps to a framework. Once finalized it does not change any more.';
comment on column compliance.assessments.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column compliance.assessments.id is 'Unique in the tenant.';
comment on column compliance.assessments.name is 'Shown in lists.';
comment on column compliance.assessments.framework is 'What it is measured against: a standard, a law, a customer''s catalogue.';
comment on column compliance.assessments.scope is 'Which part of the company it is about, plain text.';
comment on column compliance.assessments.status is 'draft, in_progress, in_review, finalized or archived.';
comment on column compliance.assessments.lead is 'Name of the person who leads it.';
comment on column compliance.assessments.due_on is 'When it should be finalized; null = open.';
comment on column compliance.assessments.score is 'Percent, by the weights of its domains; set when it is finalized.';
comment on column compliance.assessments.created_at is 'When it was created.';
comment on column compliance.assessments.updated_at is 'When it, or anything in it, last changed.';
comment on column compliance.assessments.finalized_at is 'When it was finalized; an archived one may never have been.';

-- Latest change first, all or of one status; counted by status from the index alone.
create index assessments_latest on compliance.assessments (tenant_id, updated_at, id);
create index assessments_by_status on compliance.assessments (tenant_id, status, updated_at, id);
-- The history of scores, all or of one framework.
create index assessments_scored on compliance.assessments (tenant_id, finalized_at, id) where finalized_at is not null;
create index assessments_scored_by_framework on compliance.assessments (tenant_id, framework, finalized_at, id)
  where finalized_at is not null;

alter table compliance.assessments enable row level security;
alter table compliance.assessments force row level security;
create policy tenant on compliance.assessments
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on compliance.assessments from gatehouse_mcp;
