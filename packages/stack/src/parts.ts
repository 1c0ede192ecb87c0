import { type Bus, busSchema, openBus } from '@gatehouse/bus'
import { type Database, type DatabaseHost, openDatabase, type Schema } from '@gatehouse/database'
import { type KeyValue, openKeyValue } from '@gatehouse/kv'
import type { Closing } from '@gatehouse/service'
import type { Logger } from '@gatehouse/telemetry'

/** Where the parts are; absent = embedded. */
export interface PartUrls {
  readonly database: string | undefined
  readonly databaseOwner: string | undefined
  readonly redis: string | undefined
  readonly nats: string | undefined
  /** Copies of each stream in a NATS cluster. */
  readonly natsReplicas?: number | undefined
}

/** The three ports, opened. */
export interface Parts {
  readonly host: DatabaseHost
  readonly kv: KeyValue
  readonly bus: Bus
  /** In words, for people. */
  readonly description: string
}

/**
 * Opens the parts that the URLs name and brings the given schemas up to date. The embedded bus keeps its streams in the
 * database, so its schema is migrated before it is opened.
 * @throws FolderHeld when another process has the embedded folder
 */
export async function openParts(
  urls: PartUrls,
  folder: string | undefined,
  schemas: readonly Schema[],
  log: Logger,
  closing: Closing,
): Promise<Parts> {
  const database = urls.database ?? `pglite:${folder ?? ''}`
  const host = closing(await openDatabase(database, { ownerUrl: urls.databaseOwner, logger: log }))
  await host.migrate(urls.nats === undefined ? [busSchema, ...schemas] : schemas)
  const kv = closing(await openKeyValue(urls.redis, { logger: log }))
  const forBus: { database?: Database } = urls.nats === undefined ? { database: host.as('gatehouse_bus') } : {}
  const bus = closing(await openBus(urls.nats, { ...forBus, ...replicasOf(urls), logger: log }))
  return { host, kv, bus, description: describe(urls) }
}

const replicasOf = ({ natsReplicas: replicas }: PartUrls): { readonly replicas?: number } =>
  replicas === undefined ? {} : { replicas }

function describe({ database, redis, nats }: PartUrls): string {
  if (database === undefined && redis === undefined && nats === undefined) return 'embedded parts'
  return [
    database === undefined ? 'PGlite' : 'PostgreSQL',
    redis === undefined ? 'memory' : 'Redis',
    nats === undefined ? 'in-process bus' : 'NATS',
  ].join(' · ')
}
