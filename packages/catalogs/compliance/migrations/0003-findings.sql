create table compliance.findings (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  assessment_id text not null,
  question_id text,
  title text not null check (length(title) between 1 and 300),
  description text not null default '' check (length(description) <= 20000),
  recommendation text not null default '' check (length(recommendation) <= 20000),
  severity text not null check (severity in ('critical', 'high', 'medium', 'low', 'info')),
  rank smallint not null generated always as (
    case severity when 'critical' then 5 when 'high' then 4 when 'medium' then 3 when 'low' then 2 else 1 end
  ) stored,
  status text not null check (status in ('open', 'in_remediation', 'resolved', 'risk_accepted')),
  assignee text check (length(assignee) between 1 and 200),
  due_on date,
  created_at timestamptz(3) not null,
  updated_at timestamptz(3) not null,
  resolved_at timestamptz(3),
  primary key (tenant_id, id),
  foreign key (tenant_id, assessment_id) references compliance.assessments (tenant_id, id),
  foreign key (tenant_id, assessment_id, question_id) references compliance.questions (tenant_id, assessment_id, id),
  check ((status = 'resolved') = (resolved_at is not null))
);
comment on table compliance.findings is 'What was found not to be as it should, and what becomes of it.';
comment on column compliance.findings.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column compliance.findings.id is 'Unique in the tenant.';
comment on column compliance.findings.assessment_id is 'The assessment that found it, of the same tenant.';
comment on column compliance.findings.question_id is 'The question whose answer led to it, of the same assessment; null = none.';
comment on column compliance.findings.title is 'One line.';
comment on column compliance.findings.description is 'What was seen, plain text.';
comment on column compliance.findings.recommendation is 'What should be done, plain text.';
comment on column compliance.findings.severity is 'critical, high, medium, low or info.';
comment on column compliance.findings.rank is 'The severity as a number, 5 the worst: lists are sorted by it.';
comment on column compliance.findings.status is 'open, in_remediation, resolved or risk_accepted.';
comment on column compliance.findings.assignee is 'Name of the person who has to act; null = nobody yet.';
comment on column compliance.findings.due_on is 'When it should be resolved; null = no date.';
comment on column compliance.findings.created_at is 'When it was found.';
comment on column compliance.findings.updated_at is 'When it last changed.';
comment on column compliance.findings.resolved_at is 'When it was resolved.';

-- Worst first, then latest change: all, of one status, of one assessment.
create index findings_worst on compliance.findings (tenant_id, rank, updated_at, id);
create index findings_by_status on compliance.findings (tenant_id, status, rank, updated_at, id);
create index findings_of_assessment on compliance.findings (tenant_id, assessment_id, rank, updated_at, id);
-- What is not settled, counted by severity from the index alone.
create index findings_unsettled on compliance.findings (tenant_id, severity) where status in ('open', 'in_remediation');

alter table compliance.findings enable row level security;
alter table compliance.findings force row level security;
create policy tenant on compliance.findings
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on compliance.findings from gatehouse_mcp;
