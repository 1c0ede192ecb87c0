import { refuseInsideTransaction } from '@gatehouse/contracts'
import { type Migration, MigrationRefused, readMigrations, SchemaTooNew } from './migration-files.ts'
import type { Schema } from './port.ts'
import { grantSchema, prepareRole } from './roles.ts'
import type { Connector, Session } from './session.ts'
import { quoteIdentifier } from './sql.ts'
import { encode } from './values.ts'

/** Held for the whole run, so that of several starting at once one works and the others find it done. */
const LOCK = "hashtextextended('gatehouse.migrate', 0)"

/**
 * Brings schemas up to date: roles, schemas, grants, then each file that is missing, one transaction a file.
 * @throws SchemaTooNew; MigrationRefused for a file that was edited, lost or does not run
 */
export async function migrate(connector: Connector, schemas: readonly Schema[]): Promise<void> {
  refuseInsideTransaction('migrating')
  const planned = await Promise.all(
    schemas.map(async (schema) => ({ schema, files: await readMigrations(schema.migrations) })),
  )
  const logins = schemas.some((schema) => schema.role === connector.login) ? undefined : connector.login
  await connector.owner(async (session) => {
    await session.script(`select pg_advisory_lock(${LOCK})`)
    try {
      const missing = []
      // Every schema is looked at before any is changed.
      for (const { schema, files } of planned) missing.push(...(await findMissing(session, schema, files)))
      for (const role of new Set(schemas.map((schema) => schema.role))) await prepareRole(session, role, logins)
      for (const { schema } of planned) await prepareSchema(session, schema)
      for (const { schema, file } of missing) await apply(session, schema, file)
    } finally {
      // A connection that broke has lost the lock already, and its own error is the one to tell.
      await session.script(`select pg_advisory_unlock(${LOCK})`).catch(() => {})
    }
  })
}

interface Applied {
  readonly number: number
  readonly name: string
  readonly checksum: string
}

async function findMissing(session: Session, schema: Schema, files: readonly Migration[]) {
  const applied = await readApplied(session, schema.name)
  const known = files.at(-1)?.number ?? 0
  const newest = applied.at(-1)?.number ?? 0
  if (newest > known) throw new SchemaTooNew(schema.name, newest, known)
  const byNumber = new Map(files.map((file) => [file.number, file]))
  for (const { number, name, checksum } of applied) {
    if (byNumber.get(number)?.checksum !== checksum)
      throw new MigrationRefused(schema.name, name, 'was edited after it had been applied')
    byNumber.delete(number)
  }
  return [...byNumber.values()].map((file) => ({ schema, file }))
}

async function readApplied(session: Session, schema: string): Promise<Applied[]> {
  const table = `${quoteIdentifier(schema)}.migrations`
  const { rows } = await session.query('select to_regclass($1)::text as found', [table])
  if (rows[0]?.found === null) return []
  const applied = await session.query(`select number, name, checksum from ${table} order by number`, [])
  return applied.rows as unknown as Applied[]
}

async function prepareSchema(session: Session, schema: Schema): Promise<void> {
  const name = quoteIdentifier(schema.name)
  // Statements sent together are one transaction. The bookkeeping table comes before the default privileges: read only.
  await session.script(`
    create schema if not exists ${name};
    create table if not exists ${name}.migrations (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now()
    );
    ${grantSchema(schema)}`)
}

/** The marker goes in first: a second run that got here all the same stops at it before it touches anything. */
async function apply(session: Session, schema: Schema, file: Migration): Promise<void> {
  const name = quoteIdentifier(schema.name)
  try {
    await session.script(`begin; set local search_path = ${name}`)
    await session.query(
      `insert into ${name}.migrations (number, name, checksum) values ($1, $2, $3)`,
      [file.number, file.name, file.checksum].map(encode),
    )
    const before = await currentTransaction(session)
    await session.script(file.text)
    if ((await currentTransaction(session)) !== before) throw new Error('the file ends the transaction it runs in')
    await session.script('commit')
  } catch (error) {
    await session.script('rollback').catch(() => {})
    throw new MigrationRefused(schema.name, file.name, 'failed', error)
  }
}

async function currentTransaction(session: Session): Promise<unknown> {
  const { rows } = await session.query('select pg_current_xact_id_if_assigned() as id', [])
  return rows[0]?.id
}
