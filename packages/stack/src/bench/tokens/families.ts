import { createHash, randomBytes } from 'node:crypto'
import { type Database, sql } from '@gatehouse/database'

export const SERVICE = { id: 'bench-service', secret: 'bench-secret-0123456789abcdef' }
export const PUBLIC = 'bench-public'
const TENANT = 'ten_bench'
const PERSON = 'per_bench'

const sha256 = (text: string): Uint8Array => createHash('sha256').update(text).digest()

/** A tenant with a person in it, a public client and one with a secret that may ask for itself. */
export async function seedClients(db: Database, resource: string, scopes: readonly string[]): Promise<void> {
  await db.asPlatform('bench', async (tx) => {
    await tx.run(
      sql`insert into auth.tenants (id, slug, name, plan, mcp) values (${TENANT}, 'bench', 'Bench', 'business', true)`,
    )
    await tx.run(sql`insert into auth.people (id, email, name) values (${PERSON}, 'bench@example.test', 'Bench')`)
    await tx.run(sql`insert into auth.memberships (tenant_id, person_id, role) values (${TENANT}, ${PERSON}, 'member')`)
    await tx.run(sql`
      insert into auth.clients (id, kind, name, redirect_uris, auth_method, secret_hash, grant_types, scopes, resources, tenant_id, created_at)
      values (${SERVICE.id}, 'registered', 'Service', '{}', 'client_secret_post', ${sha256(SERVICE.secret)},
        '{client_credentials}', ${scopes}, ${[resource]}, ${TENANT}, now()),
      (${PUBLIC}, 'registered', 'Public', '{https://client.example/callback}', 'none', null,
        '{authorization_code,refresh_token}', null, null, null, now())`)
    await tx.run(sql`
      insert into auth.consents (id, tenant_id, person_id, client_id, resource, scopes, granted_at)
      values ('con_bench', ${TENANT}, ${PERSON}, ${PUBLIC}, ${resource}, ${scopes}, now())`)
  })
}

/** Living families, as sign-ins would have left them. @returns the newest token of each */
export async function seedFamilies(
  db: Database,
  resource: string,
  scopes: readonly string[],
  count: number,
): Promise<readonly string[]> {
  const tokens = Array.from({ length: count }, () => randomBytes(32).toString('base64url'))
  await db.asPlatform('bench', async (tx) => {
    for (const token of tokens) {
      const grant = `gra_${randomBytes(15).toString('base64url')}`
      await tx.run(sql`
        insert into auth.grants (id, consent_id, tenant_id, person_id, client_id, resources, scopes, auth_time, created_at)
        values (${grant}, 'con_bench', ${TENANT}, ${PERSON}, ${PUBLIC}, ${[resource]}, ${scopes}, now(), now())`)
      await tx.run(sql`
        insert into auth.refresh_tokens (hash, grant_id, generation, expires_at)
        values (${sha256(token)}, ${grant}, 0, now() + interval '30 days')`)
    }
  })
  return tokens
}
