import { type Database, type Sql, sql } from '@gatehouse/database'
import { fillFirst } from './first-version.ts'

const HASH = Buffer.alloc(32, 7)
const MASTER = 'a secret of enough characters'

const writing =
  (...statements: readonly Sql[]) =>
  (db: Database) =>
    db.asPlatform('a later version', async (tx) => {
      for (const statement of statements) await tx.run(statement)
    })

/** By migration: a row of each table that it made, as the version that brought it wrote one. Rows of the first version stand beside them. */
export const FILL = {
  6: (db: Database) => fillFirst(db, MASTER, Date.now()),
  11: writing(
    sql`insert into auth.client_documents values ('cli_public', now(), now() + interval '1 hour')`,
    sql`insert into auth.client_keys values ('https://client.example/jwks', '{"keys":[]}', now(), now() + interval '1 hour')`,
  ),
  12: writing(sql`insert into auth.client_assertions values ('cli_secret', ${HASH}, now() + interval '1 hour')`),
  15: writing(sql`
    insert into auth.pushed_requests values (${HASH}, 'cli_public', 'response_type=code', now(), now() + interval '1 hour', now())`),
  16: writing(sql`
    insert into auth.revoked_tokens values ('jti_old', 'ten_old', 'cli_secret', 'client', now(), now() + interval '1 hour')`),
  18: writing(
    sql`
      insert into auth.upstream_providers values
        ('company', 'Company', 'https://idp.example', 'gatehouse', ${HASH}, '{openid}', '{oldco.test}', now(), null)`,
    sql`insert into auth.upstream_identities values ('https://idp.example', 'sub', 'per_old', 'old@oldco.test', now(), now())`,
    sql`
      insert into auth.upstream_transactions
        values (${HASH}, 'company', ${HASH}, 'txn_old', '/', 'per_old', true, 60, now(), now() + interval '1 hour')`,
  ),
  19: writing(
    sql`insert into auth.sign_in_policies values ('ten_old', 'company', 'join', '{oldco.test}', 'member')`,
    sql`insert into auth.invitations values ('inv_old', 'ten_old', 'new@oldco.test', 'member', now(), now() + interval '1 day', null)`,
  ),
  26: writing(sql`
    insert into auth.one_time_links values (${HASH}, 'invitation', null, 'inv_old', now(), now() + interval '1 day', null)`),
  27: writing(sql`insert into auth.client_hosts values ('ten_old', 'client.example', 'allow', now())`),
  35: writing(
    sql`insert into auth.audit_outbox (id, subject, event, headers) values ('e1', 'audit.auth-0', '{}', '{}')`,
  ),
}
