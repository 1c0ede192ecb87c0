create table compliance.domains (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  assessment_id text not null,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  position integer not null check (position > 0),
  name text not null check (length(name) between 1 and 200),
  weight integer not null check (weight between 1 and 100),
  score numeric(4, 1) check (score between 0 and 100),
  primary key (tenant_id, assessment_id, id),
  foreign key (tenant_id, assessment_id) references compliance.assessments (tenant_id, id)
);
comment on table compliance.domains is 'The chapters of an assessment, each with a score of its own.';
comment on column compliance.domains.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column compliance.domains.assessment_id is 'The assessment, of the same tenant.';
comment on column compliance.domains.id is 'Unique in the assessment.';
comment on column compliance.domains.position is 'Its place in the assessment, from 1.';
comment on column compliance.domains.name is 'Shown in lists.';
comment on column compliance.domains.weight is 'What its score counts in the score of the assessment.';
comment on column compliance.domains.score is 'Percent of its answered questions that pass; null = nothing is answered.';

create table compliance.questions (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  assessment_id text not null,
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  domain_id text not null,
  position integer not null check (position > 0),
  reference text not null check (length(reference) between 1 and 50),
  question text not null check (length(question) between 1 and 2000),
  primary key (tenant_id, assessment_id, id),
  foreign key (tenant_id, assessment_id, domain_id) references compliance.domains (tenant_id, assessment_id, id)
);
comment on table compliance.questions is 'What an assessment asks, copied from its template when it was created.';
comment on column compliance.questions.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column compliance.questions.assessment_id is 'The assessment, of the same tenant.';
comment on column compliance.questions.id is 'Unique in the assessment.';
comment on column compliance.questions.domain_id is 'The domain, of the same assessment.';
comment on column compliance.questions.position is 'Its place in the assessment, from 1, across domains.';
comment on column compliance.questions.reference is 'Which requirement of the framework it asks about.';
comment on column compliance.questions.question is 'Plain text.';

-- An assessment's questions in their order, all or of one domain.
create unique index questions_in_order on compliance.questions (tenant_id, assessment_id, position);
create index questions_of_domain on compliance.questions (tenant_id, assessment_id, domain_id, position);

create table compliance.responses (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  assessment_id text not null,
  question_id text not null,
  result text not null check (result in ('pass', 'fail', 'not_applicable')),
  note text not null default '' check (length(note) <= 10000),
  evidence_count integer not null default 0 check (evidence_count >= 0),
  answered_by text not null check (length(answered_by) between 1 and 200),
  answered_at timestamptz(3) not null,
  primary key (tenant_id, assessment_id, question_id),
  foreign key (tenant_id, assessment_id, question_id) references compliance.questions (tenant_id, assessment_id, id)
);
comment on table compliance.responses is 'How a question was answered. A question without a row is open.';
comment on column compliance.responses.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column compliance.responses.assessment_id is 'The assessment, of the same tenant.';
comment on column compliance.responses.question_id is 'The question, of the same assessment.';
comment on column compliance.responses.result is 'pass, fail or not_applicable.';
comment on column compliance.responses.note is 'Why, plain text.';
comment on column compliance.responses.evidence_count is 'How many documents are attached.';
comment on column compliance.responses.answered_by is 'Name of the person who answered.';
comment on column compliance.responses.answered_at is 'When it was last answered.';

alter table compliance.domains enable row level security;
alter table compliance.domains force row level security;
create policy tenant on compliance.domains
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on compliance.domains from gatehouse_mcp;

alter table compliance.questions enable row level security;
alter table compliance.questions force row level security;
create policy tenant on compliance.questions
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on compliance.questions from gatehouse_mcp;

alter table compliance.responses enable row level security;
alter table compliance.responses force row level security;
create policy tenant on compliance.responses
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on compliance.responses from gatehouse_mcp;
