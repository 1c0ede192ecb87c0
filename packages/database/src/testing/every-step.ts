import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openDatabase } from '../open.ts'
import type { Database, DatabaseHost, Schema, Tx } from '../port.ts'
import { sql } from '../sql.ts'

export interface Steps {
  readonly schema: Schema
  /** An empty one, that the test removes. */
  readonly folder: string
  /** By number of a migration: writes, as code of that version did, a row into each table that is new since the last of these. */
  readonly fill: Readonly<Record<number, (db: Database, host: DatabaseHost) => Promise<unknown>>>
  /** By number of a migration: the columns, as `table.column`, whose values it means to change. */
  readonly rewritten: Readonly<Record<number, readonly string[]>>
}

type Rows = ReadonlyMap<string, readonly Readonly<Record<string, unknown>>[]>

/**
 * Applies the migrations of a schema one by one, each to a database with rows in every table that is there by then, whichever migration made it.
 * @returns what is wrong, each a line: a table without a row once the first were filled, rows that a later migration lost or changed
 */
export async function everyStep({ schema, folder, fill, rewritten }: Steps): Promise<readonly string[]> {
  const host = await openDatabase('pglite:')
  const source = fileURLToPath(schema.migrations)
  const first = Math.min(...Object.keys(fill).map(Number))
  const faults: string[] = []
  try {
    const target = join(folder, schema.name)
    await mkdir(target)
    const db = host.as(schema.role)
    let before: Rows = new Map()
    for (const file of (await readdir(source)).sort()) {
      const number = Number(file.slice(0, 4))
      await copyFile(join(source, file), join(target, file))
      await host.migrate([{ ...schema, migrations: pathToFileURL(`${target}/`) }])
      faults.push(
        ...lost(before, await rowsOf(db, schema), rewritten[number] ?? []).map((fault) => `${file}: ${fault}`),
      )
      await fill[number]?.(db, host)
      before = await rowsOf(db, schema)
      if (number < first) continue
      for (const [table, rows] of before) if (rows.length === 0) faults.push(`${file}: ${table} has no row`)
    }
    return faults
  } finally {
    await host.close()
  }
}

const rowsOf = (db: Database, { name }: Schema): Promise<Rows> =>
  db.asPlatform('test', async (tx: Tx) => {
    const tables = await tx.rows<{ table: string }>(sql`
      select relname as "table" from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = ${name} and relkind in ('r', 'p') and not relispartition and relname <> 'migrations' order by 1`)
    const found = new Map<string, Record<string, unknown>[]>()
    for (const { table } of tables) {
      const text = `select to_jsonb(t) as row from ${name}."${table}" t`
      found.set(
        table,
        (await tx.rows<{ row: Record<string, unknown> }>({ text, values: [] })).map(({ row }) => row),
      )
    }
    return found
  })

function lost(before: Rows, after: Rows, rewritten: readonly string[]): readonly string[] {
  return [...before].flatMap(([table, rows]) => {
    const now = after.get(table)
    if (now === undefined) return [`${table} is gone`]
    const [was, is] = [rows[0], now[0]]
    if (was === undefined) return []
    const kept = Object.keys(was)
      .filter((column) => is !== undefined && column in is && !rewritten.includes(`${table}.${column}`))
      .sort()
    const written = (all: typeof rows) => all.map((row) => JSON.stringify(kept.map((column) => row[column]))).sort()
    return written(rows).join('\n') === written(now).join('\n') ? [] : [`${table} has other rows than before`]
  })
}
