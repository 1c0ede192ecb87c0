import type { Catalog } from '@gatehouse/catalog'
import { bareCall, FREE_OFFER } from '@gatehouse/catalog/testing'
import { type Database, openDatabase, type Sql, sql, type Tx } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import { freePort, startPostgres } from '@gatehouse/testkit'
import pg from 'pg'
import type { Proof } from './proof.ts'

/** What a catalog says of itself at size; all else is the same for each. */
export interface CatalogAtSize {
  // biome-ignore lint/suspicious/noExplicitAny: domains of different catalogs have no common type
  readonly catalog: Catalog<any>
  /** Statements that give the transaction's tenant `count` rows of what it has most of, and what these hang on. One insert a table. */
  readonly rows: (count: number) => readonly Sql[]
  readonly hot: readonly HotPath[]
}

/** What clients ask for all the time: a tool or a resource. `nth` counts the requests, so that no two need be alike. */
export type HotPath = {
  /** In the record, `search_p95_ms`. */
  readonly name: string
  /** Indexes that it has to use; needed where a function hides its plan. */
  readonly indexes?: readonly string[]
  /** Whether the answer is one: a path that finds nothing proves nothing. */
  // biome-ignore lint/suspicious/noExplicitAny: answers of different tools have no common type
  readonly found: (answer: any) => boolean
} & (
  | { readonly tool: string; readonly input: (nth: number) => unknown }
  | { readonly resource: string; readonly variables?: (nth: number) => Readonly<Record<string, string>> }
)

const ROWS = 1_000_000
/** Another tenant in the same tables: a plan that forgets the tenant shows. */
const BESIDE = 100_000
/** Tables with fewer rows may be read from one end to the other. */
const LARGE = 10_000
const WARM = 10
const TIMES = 200
const PRINCIPAL: Principal = {
  tenant: 'million',
  kind: 'person',
  subject: 'person_1',
  client: 'client_1',
  scopes: new Set(),
  roles: ['owner'],
  credential: 'oauth',
  credentialId: 'token_1',
  issuedAt: 0,
  expiresAt: 0,
}

/** `<catalog>-million`: each hot path, through its tool or resource and as the run-time role, reads no large table from end to end. */
export function catalogMillion({ catalog, rows, hot }: CatalogAtSize): Proof {
  return {
    name: `${catalog.name}-million`,
    claim: `with ${ROWS.toLocaleString('en')} rows in one tenant, ${hot.map(({ name }) => name).join(', ')} read no large table from end to end`,
    async run({ folder, say }) {
      const server = await startPostgres({ dir: folder, port: await freePort() })
      const host = await openDatabase(server.url)
      try {
        await host.migrate([catalog.schema])
        const filledSeconds = await fill(server.url, catalog, rows, say)
        const large = await largeTables(server.url, catalog)
        const db = host.as(catalog.schema.role)
        const counted: Record<string, number | string> = { rows: ROWS, filledSeconds, large: large.join(' ') }
        for (const path of hot) {
          const plans = await examine(db, catalog, path, large)
          const times = await measure(db, catalog, path)
          // Functions plan anew for some calls, then keep one plan for all values: that one counts as well.
          await examine(db, catalog, path, large)
          counted[`${path.name}_p50_ms`] = percentile(times, 0.5)
          counted[`${path.name}_p95_ms`] = percentile(times, 0.95)
          counted[`${path.name}_scans`] = scansOf(plans).join('; ')
          say(`${path.name}: p95 ${counted[`${path.name}_p95_ms`]} ms; ${counted[`${path.name}_scans`]}`)
        }
        return counted
      } finally {
        await host.close()
        await server.stop()
      }
    },
  }
}

/** As the run-time role, on a connection without its time limit. */
async function fill(
  url: string,
  { schema }: Catalog,
  rows: CatalogAtSize['rows'],
  say: (line: string) => void,
): Promise<number> {
  const began = performance.now()
  await withOwner(url, async (owner) => {
    for (const [tenant, count] of [
      [PRINCIPAL.tenant, ROWS],
      ['beside', BESIDE],
    ] as const) {
      await owner.query(`begin; set local role ${pg.escapeIdentifier(schema.role)}`)
      await owner.query("select set_config('gatehouse.tenant', $1, true)", [tenant])
      for (const { text, values } of rows(count)) await owner.query(text, [...values])
      await owner.query('commit')
    }
    await owner.query('vacuum (analyze)')
  })
  const seconds = Math.round((performance.now() - began) / 1_000)
  say(`filled in ${seconds} s`)
  return seconds
}

async function largeTables(url: string, { schema }: Catalog): Promise<readonly string[]> {
  const found = await withOwner(url, (owner) =>
    owner.query<{ name: string; rows: number }>(
      `select relname as name, reltuples as rows from pg_class
       where relnamespace = $1::regnamespace and relkind = 'r' and reltuples >= $2 order by reltuples desc`,
      [schema.name, LARGE],
    ),
  )
  if (!((found.rows[0]?.rows ?? 0) >= ROWS)) throw new Error(`no table of ${schema.name} has ${ROWS} rows`)
  return found.rows.map(({ name }) => name)
}

/** The plans of all its statements; what a function does inside is told by the transaction's own statistics. @throws where it reads too much */
async function examine(
  db: Database,
  catalog: Catalog,
  path: HotPath,
  large: readonly string[],
): Promise<readonly string[]> {
  const plans: string[] = []
  const faults: string[] = []
  const { name: schema } = catalog.schema
  const watching: Database = {
    ...db,
    asTenant: (tenant, body) =>
      db.asTenant(tenant, async (tx) => {
        const before = await scans(tx, schema)
        const answer = await body(explaining(tx, plans))
        const after = await scans(tx, schema)
        const grown = (name: string) => (after.get(name) ?? 0) - (before.get(name) ?? 0)
        for (const table of large) if (grown(table) > 0) faults.push(`${table} is read from end to end`)
        for (const index of path.indexes ?? []) if (grown(index) === 0) faults.push(`${index} is not used`)
        return answer
      }),
  }
  const answer = await ask(watching, catalog, path, 0)
  if (!path.found(answer)) faults.push(`found nothing: ${JSON.stringify(answer)?.slice(0, 300)}`)
  for (const table of large)
    if (plans.some((plan) => new RegExp(`Seq Scan on ${table}\\b`).test(plan))) faults.push(`a plan scans ${table}`)
  if (faults.length > 0) throw new Error(`${path.name}: ${faults.join('; ')}\n${plans.join('\n')}`)
  return plans
}

/** Scans of this transaction so far: of tables from end to end, and of indexes, by name. */
async function scans(tx: Tx, schema: string): Promise<ReadonlyMap<string, number>> {
  const rows = await tx.rows<{ name: string; scans: number }>(sql`
    select relname as name, pg_stat_get_xact_numscans(oid)::int as scans
    from pg_class where relnamespace = ${schema}::regnamespace and relkind in ('r', 'i')`)
  return new Map(rows.map(({ name, scans }) => [name, scans]))
}

/** Plans with the values and the rights of each statement, just before it runs. */
function explaining(tx: Tx, plans: string[]): Tx {
  const explain = async (statement: Sql) => {
    const text = `explain (costs off) ${statement.text}`
    const rows = await tx.rows<Record<'QUERY PLAN', string>>({ text, values: statement.values })
    plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'))
  }
  return {
    rows: async (statement) => {
      await explain(statement)
      return tx.rows(statement)
    },
    maybe: async (statement) => {
      await explain(statement)
      return tx.maybe(statement)
    },
    one: async (statement) => {
      await explain(statement)
      return tx.one(statement)
    },
    run: async (statement) => {
      await explain(statement)
      return tx.run(statement)
    },
    afterCommit: (effect) => tx.afterCommit(effect),
  }
}

async function measure(db: Database, catalog: Catalog, path: HotPath): Promise<readonly number[]> {
  const times: number[] = []
  for (let nth = 1; nth <= WARM + TIMES; nth += 1) {
    const began = performance.now()
    await ask(db, catalog, path, nth)
    if (nth > WARM) times.push(performance.now() - began)
  }
  return times
}

/** As the MCP service does it, without what stands before and after a catalog. */
function ask(db: Database, catalog: Catalog, path: HotPath, nth: number): Promise<unknown> {
  const context = Object.assign(bareCall(PRINCIPAL, { now: new Date() }), catalog.open({ db })(PRINCIPAL, FREE_OFFER))
  if ('tool' in path) {
    const tool = catalog.tools.find(({ name }) => name === path.tool)
    if (tool === undefined) throw new Error(`there is no tool ${path.tool}`)
    return tool.run(tool.input.parse(path.input(nth)), context)
  }
  const resource = catalog.resources.find(({ path: known }) => known === path.resource)
  if (resource === undefined) throw new Error(`there is no resource ${path.resource}`)
  return resource.read(path.variables?.(nth) ?? {}, context)
}

const scansOf = (plans: readonly string[]): string[] => [
  ...new Set(plans.flatMap((plan) => plan.match(/(?:\w+ )*Scan\b[^\n]*/g) ?? [])),
]

const percentile = (times: readonly number[], part: number): number => {
  const sorted = [...times].sort((a, b) => a - b)
  return Math.round((sorted[Math.floor(sorted.length * part)] ?? Number.NaN) * 10) / 10
}

async function withOwner<T>(url: string, body: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await body(client)
  } finally {
    await client.end()
  }
}
