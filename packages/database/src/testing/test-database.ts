import { createHash } from 'node:crypto'
import { postgres, postgresTemplate, type Scope, sharedPostgres } from '@gatehouse/testkit'
import { readMigrations } from '../migration-files.ts'
import { openDatabase } from '../open.ts'
import type { DatabaseHost, Schema } from '../port.ts'

export { everyStep, type Steps } from './every-step.ts'
export { overTx } from './over-tx.ts'

/**
 * A migrated database for one test file. Where the runner gives a PostgreSQL, it is a copy of a template that is made once for
 * these schemas; by hand or with `--quick` it is PGlite in memory. Goes away with `t`.
 */
export async function testDatabase(t: Scope, schemas: readonly Schema[]): Promise<DatabaseHost> {
  const host = sharedPostgres() ? await openDatabase(await copyOf(t, schemas)) : await openDatabase('pglite:')
  t.teardown(() => host.close())
  await host.migrate(schemas)
  return host
}

async function copyOf(t: Scope, schemas: readonly Schema[]): Promise<string> {
  const content = await Promise.all(
    schemas.map(async ({ name, migrations }) => [name, await readMigrations(migrations)]),
  )
  const name = createHash('sha256').update(JSON.stringify(content)).digest('hex')
  const template = await postgresTemplate(name, async (url) => {
    const host = await openDatabase(url)
    await host.migrate(schemas)
    await host.close()
  })
  const { url } = await postgres(t, { template })
  return url
}
