alter table requests add column resources text[];
update requests set resources = array[resource];
alter table requests alter column resources set not null;
alter table requests add constraint requests_resources_check check (cardinality(resources) > 0);
alter table requests drop column resource;
comment on column requests.resources is 'Registered identifiers that the grant will be bound to.';

alter table grants add column resources text[];
update grants set resources = array[resource];
alter table grants alter column resources set not null;
alter table grants add constraint grants_resources_check check (cardinality(resources) > 0);
alter table grants drop column resource;
create index grants_person_id_client_id on grants (person_id, client_id);
create index grants_newest on grants (created_at desc, id desc);
comment on column grants.resources is 'Possible audiences of its tokens, one at a time; never more than were authorized.';
comment on column grants.consent_id is 'The consent for the first of its resources; for each there is one.';
