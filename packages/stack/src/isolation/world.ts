import { randomBytes } from 'node:crypto'
import { loadCatalogs } from '@gatehouse/mcp'
import { loadProfile, type Profile } from '@gatehouse/profiles'
import type { Closeable } from '@gatehouse/service'
import { silentLogger } from '@gatehouse/telemetry'
import { freePort, postgres, type Scope, temporaryFolder } from '@gatehouse/testkit'
import type { FastifyInstance } from 'fastify'
import { Pool } from 'pg'
import { assembleHouse } from '../house.ts'
import { connectClient } from '../scenarios/running.ts'
import { openSecrets } from '../secrets.ts'
import { PageVisitor } from './page-visitor.ts'

/** Stands in every text of the other tenant that a person or a tool can read. */
export const CANARY = 'CANARY7f3a'

/** Somebody who holds a token, a key and a browser session. */
export interface Holder {
  readonly tenant: string
  readonly token: string
  /** The token where the profile takes no keys. */
  readonly key: string
  /** Of a key that may only read; absent where there are none. */
  readonly readKey: string | undefined
  readonly pages: PageVisitor
}

export interface World {
  readonly profile: Profile
  readonly server: FastifyInstance
  readonly host: string
  /** Who probes. */
  readonly stranger: Holder
  /** Whose things are probed for. */
  readonly owner: Holder
  /** As the owner of all tables. */
  readonly sql: Pool
  readonly schemas: readonly string[]
  /** Names of tools that may run as tasks. */
  readonly taskTools: ReadonlySet<string>
  /** A digest of every row of the other tenant, in the catalogs. */
  digest(): Promise<string>
}

/** Columns that people and tools read; whatever refuses the canary stays as it is. */
const READABLE = ['title', 'name', 'content', 'description', 'body', 'text', 'summary', 'notes', 'label']

/** A house over PostgreSQL with two tenants: one probes, the other's rows hold canaries. */
export async function openWorld(t: Scope, profileName: string): Promise<World> {
  const { url } = await postgres(t)
  const opened: Closeable[] = []
  t.teardown(async () => {
    for (const thing of opened.reverse()) await thing.close()
  })
  const closing = <C extends Closeable>(thing: C): C => {
    opened.push(thing)
    return thing
  }
  const shipped = loadProfile(profileName)
  const profile: Profile = { ...shipped, limits: { ...shipped.limits, requestsPerMinute: 100_000_000 } }
  const given = { adminToken: undefined, demoApiKey: undefined, demoPassword: randomBytes(9).toString('base64url') }
  const secrets = await openSecrets(temporaryFolder(t), profile.apiKeyPrefix, given)
  const port = await freePort()
  const publicUrl = `http://localhost:${port}`
  const parts = { database: url, databaseOwner: undefined, redis: undefined, nats: undefined }
  const options = { profile, publicUrl, parts, folder: undefined, secrets, demo: true, log: silentLogger }
  const house = await assembleHouse(options, closing)
  await house.server.listen({ host: 'localhost', port })
  await house.ready()
  const pool = new Pool({ connectionString: url, max: 2 })
  opened.push({ close: () => pool.end() })

  const [one, other] = house.demoTenants
  if (one === undefined || other === undefined) throw new Error('the demo has two tenants')
  const catalogs = await loadCatalogs(profile.catalogs, { from: process.cwd(), production: false })
  const schemas = catalogs.map(({ schema }) => schema.name)
  const taskTools = new Set(
    catalogs.flatMap(({ tools }) => tools.flatMap(({ name, task }) => (task === undefined ? [] : [name]))),
  )
  await plant(pool, schemas, other.id)

  const running = { profile, publicUrl, secrets }
  // All that tools need: whoever may do nothing is refused for that, and not for whose it is.
  const offered = profile.scopes.map(({ name }) => name)
  const holderOf = async (tenant: typeof one): Promise<Holder> => {
    const email = `owner@${tenant.slug}.test`
    const connected = await connectClient(running, email, offered)
    opened.push(connected.client)
    const pages = new PageVisitor(house.server, port)
    await pages.signIn(email, secrets.demoPassword)
    const makeKey = async (scopes: readonly string[]): Promise<string> => {
      const answer = await house.server.inject({
        method: 'POST',
        url: `/admin/v1/tenants/${tenant.id}/api-keys`,
        headers: { authorization: `Bearer ${secrets.adminToken}` },
        payload: { name: tenant === other ? CANARY : 'probing', scopes },
      })
      if (answer.statusCode !== 200) throw new Error(answer.body)
      return answer.json().key
    }
    const [read = ''] = profile.defaultScopes
    const takesKeys = profile.credentials.includes('api-key')
    return {
      tenant: tenant.id,
      token: connected.accessToken,
      key: takesKeys ? await makeKey(profile.defaultScopes) : connected.accessToken,
      readKey: takesKeys ? await makeKey([read]) : undefined,
      pages,
    }
  }
  return {
    profile,
    server: house.server,
    host: `localhost:${port}`,
    stranger: await holderOf(one),
    owner: await holderOf(other),
    sql: pool,
    schemas,
    taskTools,
    digest: () => digestOf(pool, schemas, other.id),
  }
}

const tablesOf = async (pool: Pool, schemas: readonly string[]) =>
  (
    await pool.query<{ schema: string; table: string; columns: string[] }>(
      `select table_schema as schema, table_name as table, array_agg(column_name::text) as columns
       from information_schema.columns c where table_schema = any($1)
         and exists (select from information_schema.columns o where o.table_schema = c.table_schema
           and o.table_name = c.table_name and o.column_name = 'tenant_id')
       group by 1, 2 order by 1, 2`,
      [schemas],
    )
  ).rows

async function plant(pool: Pool, schemas: readonly string[], tenant: string): Promise<void> {
  let planted = 0
  for (const { schema, table, columns } of await tablesOf(pool, schemas)) {
    for (const column of columns.filter((name) => READABLE.includes(name))) {
      const update = `update "${schema}"."${table}" set "${column}" = '${CANARY} ' || "${column}" where tenant_id = $1`
      // A column with a vocabulary of its own does not take it.
      planted += (await pool.query(update, [tenant]).catch(() => ({ rowCount: 0 }))).rowCount ?? 0
    }
  }
  if (planted < 10) throw new Error(`only ${planted} canaries were planted`)
  await pool.query(
    `update auth.people p set name = $2 where exists (select from auth.memberships m where m.person_id = p.id and m.tenant_id = $1)
       and not exists (select from auth.memberships m where m.person_id = p.id and m.tenant_id <> $1)`,
    [tenant, `${CANARY} person`],
  )
}

async function digestOf(pool: Pool, schemas: readonly string[], tenant: string): Promise<string> {
  const parts: string[] = []
  for (const { schema, table } of await tablesOf(pool, schemas)) {
    if (/outbox|claims|migrations/.test(table)) continue
    const { rows } = await pool.query<{ digest: string | null }>(
      `select md5(string_agg(r::text, '|' order by r::text)) as digest from "${schema}"."${table}" r where tenant_id = $1`,
      [tenant],
    )
    parts.push(`${schema}.${table}=${rows[0]?.digest ?? ''}`)
  }
  return parts.join('\n')
}
