create table compliance.reports (
  tenant_id text not null default nullif(current_setting('gatehouse.tenant', true), ''),
  id text not null check (id ~ '^[A-Za-z0-9_-]{1,128}$'),
  assessment_id text not null,
  version integer not null check (version > 0),
  title text not null check (length(title) between 1 and 300),
  final boolean not null,
  format text not null check (format in ('pdf', 'docx', 'xlsx')),
  pages integer not null check (pages > 0),
  size_bytes bigint not null check (size_bytes > 0),
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  generated_by text not null check (length(generated_by) between 1 and 200),
  generated_at timestamptz(3) not null,
  primary key (tenant_id, id),
  unique (tenant_id, assessment_id, version),
  foreign key (tenant_id, assessment_id) references compliance.assessments (tenant_id, id)
);
comment on table compliance.reports is 'Documents made of an assessment: drafts while it runs, final ones when it is finalized.';
comment on column compliance.reports.tenant_id is 'The tenant the row belongs to; set from the transaction.';
comment on column compliance.reports.id is 'Unique in the tenant.';
comment on column compliance.reports.assessment_id is 'The assessment, of the same tenant.';
comment on column compliance.reports.version is 'Counts the reports of the assessment, from 1.';
comment on column compliance.reports.title is 'As it stands on the cover.';
comment on column compliance.reports.final is 'Made of a finalized assessment; drafts are shown to nobody but those who work on it.';
comment on column compliance.reports.format is 'pdf, docx or xlsx.';
comment on column compliance.reports.pages is 'Number of pages or sheets.';
comment on column compliance.reports.size_bytes is 'Length of the file.';
comment on column compliance.reports.sha256 is 'Hex SHA-256 of the file.';
comment on column compliance.reports.generated_by is 'Name of the person who had it made.';
comment on column compliance.reports.generated_at is 'When it was made.';

-- Final ones, latest first: all, or of one assessment.
create index reports_final on compliance.reports (tenant_id, generated_at, id) where final;
create index reports_final_of_assessment on compliance.reports (tenant_id, assessment_id, generated_at, id) where final;

alter table compliance.reports enable row level security;
alter table compliance.reports force row level security;
create policy tenant on compliance.reports
  using (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''))
  with check (tenant_id = nullif(current_setting('gatehouse.tenant', true), ''));
revoke update, delete on compliance.reports from gatehouse_mcp;
