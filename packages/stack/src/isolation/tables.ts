import type { World } from './world.ts'

/** A table that holds rows of tenants. */
export interface Table {
  readonly name: string
  /** Which column says whose a row is. */
  readonly column: 'tenant' | 'tenant_id'
  /** As whom its service reaches it. */
  readonly role: string
}

/** Every one of them, of the services and of the catalogs. */
export async function tablesOfTenants({ sql, roles }: World): Promise<readonly Table[]> {
  const { rows } = await sql.query<Omit<Table, 'role'> & { readonly schema: string }>(
    `select n.nspname as schema, c.oid::regclass::text as name, a.attname as column
     from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
     where n.nspname = any($1) and c.relkind in ('r', 'p') and not c.relispartition
       and a.attname in ('tenant', 'tenant_id') and not a.attisdropped order by 2`,
    [[...roles.keys()]],
  )
  return rows.map(({ schema, ...table }) => ({ ...table, role: roles.get(schema) ?? '' }))
}

export async function setPolicies({ sql }: World, tables: readonly Table[], what: 'enable' | 'disable'): Promise<void> {
  for (const { name } of tables) await sql.query(`alter table ${name} ${what} row level security`)
}

/** How many rows the owner has there, and how many of those its service is shown while it acts for the stranger. */
export async function shown(
  { sql, owner, stranger }: World,
  { name, column, role }: Table,
): Promise<{ readonly there: number; readonly shown: number }> {
  const count = async (): Promise<number> => {
    const text = `select count(*)::int as rows from ${name} where ${column} = $1`
    return (await client.query<{ rows: number }>(text, [owner.tenant])).rows[0]?.rows ?? 0
  }
  const client = await sql.connect()
  try {
    await client.query('begin')
    const there = await count()
    await client.query(
      `select set_config('role', $1, true), set_config('gatehouse.tenant', $2, true), set_config('gatehouse.platform', '', true)`,
      [role, stranger.tenant],
    )
    return { there, shown: await count() }
  } finally {
    await client.query('rollback')
    client.release()
  }
}
