import { sql } from '@gatehouse/database'
import { IDLE_MS } from '../people/sessions.ts'
import { type Chore, deletes } from './chore.ts'
import { endsClients } from './ends-clients.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Longer than any access token lives, with an hour for clocks: what a token rests on is asked for until then. */
const TOKEN_MS = DAY_MS + HOUR_MS
/** An answer may say why for so long, and operators see what became of an authorization. */
const MEMORY_MS = 30 * DAY_MS
/** Registered, and never came to the token endpoint: most registrations that anybody makes, and soon made again. */
const UNUSED_MS = DAY_MS
/** Without anything that is alive; see `endsClients`. */
const IDLE_CLIENT_MS = 90 * DAY_MS

/**
 * The table of contents. A chore that empties a table comes before the one whose rows it rests on, so that no statement removes more
 * than its batch by cascade.
 *
 * What recognises a repetition stays as long as the repetition could do harm: a used code as long as its family, a used refresh token
 * until it would have expired unused, an assertion or a pushed request until it is refused for its age.
 */
export const CHORES: readonly Chore[] = [
  deletes('sessions', {
    table: 'sessions',
    key: ['id_hash'],
    where: ({ now, ago }) => sql`(expires_at <= ${now} or seen_at <= ${ago(IDLE_MS)})`,
  }),
  deletes('requests', {
    table: 'requests',
    key: ['id'],
    // Who comes back to a page of it within the hour is told that it has expired, and not that it never was.
    where: ({ ago }) => sql`expires_at <= ${ago(HOUR_MS)}`,
  }),
  deletes('refresh_tokens', {
    table: 'refresh_tokens',
    key: ['hash'],
    where: ({ ago }) => sql`expires_at <= ${ago(HOUR_MS)}`,
  }),
  deletes('refresh_tokens.ended', {
    table: 'refresh_tokens',
    key: ['hash'],
    where: ({ ago }) => sql`grant_id in (select id from auth.grants where ended_at <= ${ago(MEMORY_MS)})`,
  }),
  deletes('grants.ended', {
    table: 'grants',
    key: ['id'],
    where: ({ ago }) => sql`ended_at <= ${ago(MEMORY_MS)}
      and not exists (select from auth.refresh_tokens r where r.grant_id = grants.id)`,
  }),
  deletes('grants.unused', {
    table: 'grants',
    key: ['id'],
    // Its code was never exchanged, and no longer can be.
    where: ({ ago }) => sql`used_at is null and ended_at is null and created_at <= ${ago(DAY_MS)}
      and not exists (select from auth.codes c where c.grant_id = grants.id and c.expires_at > ${ago(HOUR_MS)})`,
  }),
  deletes('grants.over', {
    table: 'grants',
    key: ['id'],
    // Nothing that came of it is good any more: no refresh token is left, and the last access token has expired.
    where: ({ ago, refreshMs }) => sql`ended_at is null
      and coalesce(used_at, created_at) <= ${ago(Math.max(refreshMs, TOKEN_MS) + HOUR_MS)}
      and not exists (select from auth.refresh_tokens r where r.grant_id = grants.id)
      and not exists (select from auth.codes c where c.grant_id = grants.id and c.expires_at > ${ago(HOUR_MS)})`,
  }),
  deletes('consents', {
    table: 'consents',
    key: ['id'],
    where: ({ ago }) => sql`ended_at <= ${ago(MEMORY_MS)}
      and not exists (select from auth.grants g where g.consent_id = consents.id)`,
  }),
  deletes('pushed_requests', {
    table: 'pushed_requests',
    key: ['hash'],
    where: ({ ago }) => sql`expires_at <= ${ago(HOUR_MS)}`,
  }),
  deletes('upstream_transactions', {
    table: 'upstream_transactions',
    key: ['state_hash'],
    where: ({ ago }) => sql`expires_at <= ${ago(HOUR_MS)}`,
  }),
  deletes('client_assertions', {
    table: 'client_assertions',
    key: ['client_id', 'jti_hash'],
    where: ({ ago }) => sql`expires_at <= ${ago(HOUR_MS)}`,
  }),
  deletes('revoked_tokens', {
    table: 'revoked_tokens',
    key: ['jti'],
    where: ({ ago }) => sql`expires_at <= ${ago(HOUR_MS)}`,
  }),
  deletes('one_time_links', {
    table: 'one_time_links',
    key: ['hash'],
    where: ({ ago }) => sql`expires_at <= ${ago(HOUR_MS)}`,
  }),
  deletes('invitations', {
    table: 'invitations',
    key: ['id'],
    where: ({ ago }) => sql`coalesce(accepted_at, expires_at) <= ${ago(MEMORY_MS)}`,
  }),
  deletes('client_keys', {
    table: 'client_keys',
    key: ['uri'],
    where: ({ ago }) => sql`fetched_at <= ${ago(MEMORY_MS)}`,
  }),
  endsClients('unused', ({ ago }) => sql`used_at is null and created_at <= ${ago(UNUSED_MS)}`),
  endsClients('idle', ({ ago }) => sql`created_at <= ${ago(IDLE_CLIENT_MS)} and used_at <= ${ago(IDLE_CLIENT_MS)}`),
  deletes('clients', {
    table: 'clients',
    key: ['id'],
    // A document that an operator deleted stays known, or it would be read again.
    where: ({
      ago,
    }) => sql`ended_at <= ${ago(MEMORY_MS)} and (kind, end_reason) is distinct from ('metadata', 'deleted')
      and not exists (select from auth.consents c where c.client_id = clients.id)
      and not exists (select from auth.grants g where g.client_id = clients.id)
      and not exists (select from auth.requests r where r.client_id = clients.id)
      and not exists (select from auth.client_assertions a where a.client_id = clients.id)`,
  }),
  deletes('ring_keys', {
    table: 'ring_keys',
    key: ['ring', 'id'],
    where: ({ ago }) => sql`retiring_at <= ${ago(MEMORY_MS)}`,
  }),
]
