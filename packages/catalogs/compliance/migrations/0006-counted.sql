-- Counted from it alone: beside the index that sorts, a small one.
create index assessments_counted on compliance.assessments (tenant_id, status);
