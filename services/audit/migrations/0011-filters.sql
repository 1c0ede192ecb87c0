-- What a tenant looks for in its own log and finds seldom: one client, one kind other than the calls, one end other than a good one.
create index events_by_client on audit.events (tenant, client, time desc, id desc) where client is not null;
create index events_by_kind on audit.events (tenant, type, time desc, id desc) where type <> 'gatehouse.mcp.tool-called.v1';
create index events_by_bad_end on audit.events (tenant, outcome, time desc, id desc) where outcome <> 'succeeded';
