import { DatabaseUnavailable, isSqlError } from './errors.ts'
import { readMigrations, SchemaTooOld } from './migration-files.ts'
import type { Database, Schema } from './port.ts'
import { ident, sql } from './sql.ts'

/** No table, no schema, or no right to see it: nothing was migrated for this role. */
const NOTHING_THERE = new Set(['42P01', '3F000', '42501'])

/** @throws SchemaTooOld for the first schema that lacks a migration of this code */
export async function expectMigrated(as: (role: string) => Database, schemas: readonly Schema[]): Promise<void> {
  for (const { name, role, migrations } of schemas) {
    const needed = (await readMigrations(migrations)).at(-1)?.number ?? 0
    const found = await newestOf(as(role), name)
    if (found !== undefined && found < needed) throw new SchemaTooOld(name, found, needed)
  }
}

/** Number of the newest migration that was applied; `undefined` when the database cannot say. */
async function newestOf(db: Database, schema: string): Promise<number | undefined> {
  const newest = sql`select coalesce(max(number), 0)::integer as newest from ${ident(`${schema}.migrations`)}`
  try {
    const [row] = await db.readAsPlatform<{ newest: number }>('schema check', newest)
    return row?.newest ?? 0
  } catch (error) {
    if (error instanceof DatabaseUnavailable) return undefined
    if (isSqlError(error) && NOTHING_THERE.has(error.code)) return 0
    throw error
  }
}
