-- What the janitor looks for, so that a round costs what leaves and not what stays.
create index refresh_tokens_expires_at on refresh_tokens (expires_at);
create index grants_ended_at on grants (ended_at) where ended_at is not null;
create index grants_last_used on grants (coalesce(used_at, created_at)) where ended_at is null;
create index grants_never_used on grants (created_at) where used_at is null and ended_at is null;
create index consents_ended_at on consents (ended_at) where ended_at is not null;
create index consents_client_id on consents (client_id);
create index requests_client_id on requests (client_id);
create index ring_keys_retiring_at on ring_keys (retiring_at) where retiring_at is not null;
