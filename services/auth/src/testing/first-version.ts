import { createHmac, randomBytes } from 'node:crypto'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Secret } from '@gatehouse/config'
import { type Database, json, type Schema, sql, type Tx } from '@gatehouse/database'
import { deriveKey, encrypt, makeSecretKey, makeSigningKey } from '@gatehouse/keyring'
import { hash } from '@node-rs/argon2'
import { authSchema } from '../schema.ts'
import { newSecret, sha256 } from '../secrets.ts'
import { CALLBACK, challengeOf, MCP, newVerifier } from './house.ts'

/** Highest number of the migrations with which the first installations ran. */
const FIRST = 6

/** The schema as those installations have it. @param folder an empty one, that the test removes */
export async function firstSchema(folder: string): Promise<Schema> {
  const target = join(folder, 'first')
  await mkdir(target)
  const source = fileURLToPath(authSchema.migrations)
  const names = (await readdir(source)).filter((name) => Number(name.slice(0, 4)) <= FIRST)
  for (const name of names) await copyFile(join(source, name), join(target, name))
  return { ...authSchema, migrations: pathToFileURL(`${target}/`) }
}

/** What people and clients of such an installation hold. */
export interface Kept {
  readonly cookie: string
  readonly publicClient: string
  readonly secretClient: { readonly id: string; readonly secret: string }
  /** Not exchanged yet. */
  readonly code: { readonly code: string; readonly verifier: string }
  /** Of one family: used just now, its successor, and one that a stranger may have, used long ago. */
  readonly refresh: { readonly used: string; readonly newest: string }
  readonly apiKey: string
  readonly transaction: { readonly id: string; readonly verifier: string }
  readonly keys: Readonly<Record<'access' | 'id' | 'refresh', string>>
  readonly email: string
  readonly password: string
}

const DAY = 24 * 3_600_000

/** A row in every table, written as the statements of that version wrote them. */
export async function fillFirst(db: Database, masterSecret: string, now: number): Promise<Kept> {
  const [cookie, apiKey, secret] = [newSecret(), `align_${newSecret()}`, newSecret()]
  const [code, verifier, pendingVerifier] = [newSecret(), newVerifier(), newVerifier()]
  const [email, password] = ['old@oldco.test', 'an old and long password']
  const passwordHash = await hash(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 })
  const material = {
    access: await makeSigningKey('ES256')(),
    id: await makeSigningKey('RS256')(),
    refresh: await makeSecretKey(),
  }
  const keys = { access: 'old-access', id: 'old-id', refresh: 'old-refresh' }
  const used = newSecret()
  const newest = createHmac('sha256', material.refresh.secret).update(used).digest('base64url')
  const at = (ms: number) => new Date(now + ms)

  await db.asPlatform('first version', async (tx: Tx) => {
    await tx.run(
      sql`insert into auth.tenants (id, slug, name, plan, mcp) values ('ten_old', 'oldco', 'Old Co', 'business', true)`,
    )
    await tx.run(sql`
      insert into auth.people (id, email, name, password_hash, tenant_id)
      values ('per_old', ${email}, 'Olga Old', ${passwordHash}, 'ten_old')`)
    await tx.run(sql`insert into auth.memberships (tenant_id, person_id, role) values ('ten_old', 'per_old', 'member')`)
    await tx.run(sql`
      insert into auth.sessions (id_hash, person_id, auth_time, seen_at, expires_at)
      values (${sha256(cookie)}, 'per_old', ${at(-60_000)}, ${at(-60_000)}, ${at(DAY)})`)
    for (const [id, method, secretHash] of [
      ['cli_public', 'none', null],
      ['cli_secret', 'client_secret_basic', sha256(secret)],
    ] as const) {
      await tx.run(sql`
        insert into auth.clients (id, kind, name, redirect_uris, auth_method, secret_hash, grant_types, metadata, created_at)
        values (${id}, 'dynamic', 'Old client', ${[CALLBACK]}, ${method}, ${secretHash},
          ${['authorization_code', 'refresh_token']}, '{}', ${at(-DAY)})`)
    }
    await tx.run(sql`
      insert into auth.resources (identifier, name, aliases, scopes, token_seconds)
      values (${MCP}, 'Align', ${[`${MCP}/`]}, ${['mcp:read', 'mcp:write']}, 600)`)
    for (const client of ['cli_public', 'cli_secret']) {
      const scopes = ['mcp:read', 'openid', 'offline_access']
      await tx.run(sql`
        insert into auth.consents (id, tenant_id, person_id, client_id, resource, scopes, granted_at)
        values (${`con_${client}`}, 'ten_old', 'per_old', ${client}, ${MCP}, ${scopes}, ${at(-DAY)})`)
      await tx.run(sql`
        insert into auth.grants (id, consent_id, tenant_id, person_id, client_id, resource, scopes, auth_time, created_at, used_at)
        values (${`gra_${client}`}, ${`con_${client}`}, 'ten_old', 'per_old', ${client}, ${MCP}, ${scopes}, ${at(-DAY)},
          ${at(-DAY)}, ${client === 'cli_public' ? null : at(-DAY)})`)
    }
    await tx.run(sql`
      insert into auth.codes (hash, grant_id, redirect_uri, challenge, nonce, expires_at)
      values (${sha256(code)}, 'gra_cli_public', ${CALLBACK}, ${challengeOf(verifier)}, 'old nonce', ${at(60_000)})`)
    await tx.run(sql`
      insert into auth.refresh_tokens (hash, grant_id, generation, expires_at, key_id, used_at, tries) values
        (${sha256(used)}, 'gra_cli_secret', 0, ${at(DAY)}, ${keys.refresh}, ${at(-5_000)}, 1),
        (${sha256(newest)}, 'gra_cli_secret', 1, ${at(30 * DAY)}, null, null, 0)`)
    await tx.run(sql`
      insert into auth.requests (id, browser_hash, client_id, redirect_uri, redirect_given, state, scopes, resource, challenge,
        unmet, silent, phase, created_at, expires_at)
      values ('txn_old', ${sha256(cookie)}, 'cli_public', ${CALLBACK}, true, 'old state', ${['mcp:read', 'mcp:write']}, ${MCP},
        ${challengeOf(pendingVerifier)}, ${['consent']}, false, 'identified', ${at(-60_000)}, ${at(600_000)})`)
    for (const [ring, { secret: plain, publicJwk }] of Object.entries(material)) {
      const id = keys[ring as keyof typeof keys]
      const sealed = encrypt(deriveKey(new Secret(masterSecret), 'keyring'), `${ring}:${id}`, plain)
      await tx.run(sql`
        insert into auth.ring_keys (ring, id, public_jwk, sealed, created_at, active_at)
        values (${ring}, ${id}, ${publicJwk === null ? null : json(publicJwk)}::jsonb, ${sealed}, ${at(-DAY)}, ${at(-DAY)})`)
    }
    await tx.run(sql`
      insert into auth.api_keys (id, tenant_id, name, hash, hint, scopes, created_at)
      values ('key_old', 'ten_old', 'nightly', ${sha256(apiKey)}, 'align_…', ${['mcp:read']}, ${at(-DAY)})`)
    await tx.run(sql`
      insert into auth.outbox (id, subject, event, headers)
      values (${randomBytes(9).toString('hex')}, 'auth.delta.grant.gra_before', '{"specversion":"1.0"}', '{}')`)
  })
  return {
    cookie,
    publicClient: 'cli_public',
    secretClient: { id: 'cli_secret', secret },
    code: { code, verifier },
    refresh: { used, newest },
    apiKey,
    transaction: { id: 'txn_old', verifier: pendingVerifier },
    keys,
    email,
    password,
  }
}
