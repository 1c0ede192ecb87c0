import { type Logger, silentLogger } from '@gatehouse/telemetry'
import { openPglite } from './drivers/pglite.ts'
import { openPostgres } from './drivers/postgres.ts'
import { expectMigrated } from './expect-migrated.ts'
import { migrate } from './migrate.ts'
import type { DatabaseHost } from './port.ts'
import type { Connector } from './session.ts'
import { databaseAs } from './transaction.ts'

export interface OpenOptions {
  /** Who migrates, `DATABASE_OWNER_URL`. Default: the same URL. */
  readonly ownerUrl?: string | undefined
  /** Most connections at a time. Default 10. */
  readonly poolSize?: number
  readonly logger?: Logger
}

/**
 * Opens the database that the URL names: `pglite:` (in memory), `pglite:<folder>`, `postgres://…` or `postgresql://…`.
 * A real server is connected to on first use only, so this does not fail when it is away.
 * @throws FolderHeld when another process has the folder open; TypeError for another scheme
 */
export async function openDatabase(url: string, options: OpenOptions = {}): Promise<DatabaseHost> {
  const log = options.logger ?? silentLogger
  const connector = await connect(url, options, log)
  return {
    driver: connector.driver,
    as: (role) => databaseAs(connector, role, log),
    listen: (channel, heard) => connector.listen(channel, guarded(channel, heard, log)),
    migrate: (schemas) => migrate(connector, schemas),
    expect: (schemas) => expectMigrated((role) => databaseAs(connector, role, log), schemas),
    close: () => connector.close(),
  }
}

/** A listener that throws would end the process: it is called from the connection itself. */
const guarded = (channel: string, heard: (payload: string) => void, log: Logger) => (payload: string) => {
  try {
    heard(payload)
  } catch (error) {
    log.error({ err: error, channel }, 'a listener of the database threw')
  }
}

async function connect(url: string, { ownerUrl = url, poolSize = 10 }: OpenOptions, log: Logger): Promise<Connector> {
  const scheme = url.slice(0, url.indexOf(':') + 1)
  if (scheme === 'pglite:') return openPglite(url.slice(scheme.length) || undefined)
  if (scheme === 'postgres:' || scheme === 'postgresql:') return openPostgres({ url, ownerUrl, poolSize, log })
  throw new TypeError(`no database driver for the scheme "${scheme}"`)
}
