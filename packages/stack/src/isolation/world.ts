import { randomBytes } from 'node:crypto'
import { auditSchema } from '@gatehouse/audit'
import { authSchema } from '@gatehouse/auth'
import { loadCatalogs, mcpSchema } from '@gatehouse/mcp'
import { loadProfile, type Profile, sitesOf } from '@gatehouse/profiles'
import type { Closeable } from '@gatehouse/service'
import { silentLogger } from '@gatehouse/telemetry'
import { freePort, postgres, type Scope, temporaryFolder } from '@gatehouse/testkit'
import type { FastifyInstance } from 'fastify'
import { Pool } from 'pg'
import { assembleHouse } from '../house.ts'
import { openSecrets } from '../secrets.ts'
import { type Holder, holderOf } from './holder.ts'

/** Stands in every text of the other tenant that a person or a tool can read. */
export const CANARY = 'CANARY7f3a'

export interface World {
  readonly profile: Profile
  readonly server: FastifyInstance
  /** Who probes. */
  readonly stranger: Holder
  /** Whose things are probed for. */
  readonly owner: Holder
  /** As the owner of all tables. */
  readonly sql: Pool
  readonly schemas: readonly string[]
  /** The role of each schema, those of the services too. */
  readonly roles: ReadonlyMap<string, string>
  /** Names of tools that may run as tasks. */
  readonly taskTools: ReadonlySet<string>
  /** Arguments that fit together, by tool; `unt_…` stands for any id that begins so. */
  readonly examples: ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>
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
  const limits = { ...shipped.limits, requestsPerMinute: 100_000_000 }
  // A million probes take longer than a token is usually good for.
  const profile: Profile = { ...shipped, limits, accessTokenSeconds: 86_400 }
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
  const roles = new Map(
    [authSchema, auditSchema, mcpSchema, ...catalogs.map(({ schema }) => schema)].map(({ name, role }) => [name, role]),
  )
  const examples = new Map(
    catalogs.flatMap(({ tools }) =>
      tools.map((tool) => [tool.name, (tool.examples ?? []).map((one) => one.arguments)]),
    ),
  )
  await plant(pool, schemas, other.id)

  const at = { profile, publicUrl, secrets, server: house.server, sites: sitesOf(profile, publicUrl) }
  return {
    profile,
    server: house.server,
    stranger: await holderOf(at, one, 'probing'),
    owner: await holderOf(at, other, CANARY),
    sql: pool,
    schemas,
    roles,
    taskTools,
    examples,
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
