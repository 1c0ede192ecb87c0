import type { Bus } from '@gatehouse/bus'
import { type Catalog, directoryFor } from '@gatehouse/catalog'
import type { DirectoryPort } from '@gatehouse/contracts'
import { createOutbox, type DatabaseHost, type Drainer } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import type { OpenedCatalog } from './deps.ts'

/** @param directory given only to catalogs that ask it */
export function openCatalogs(
  catalogs: readonly Catalog[],
  host: DatabaseHost,
  directory: DirectoryPort | undefined,
): readonly OpenedCatalog[] {
  return catalogs.map((catalog) => {
    const db = host.as(catalog.schema.role)
    const asks = catalog.asksDirectory === true && directory !== undefined
    return { catalog, domain: catalog.open(asks ? { db, directory: directoryFor(directory) } : { db }) }
  })
}

/** Sends what the catalogs' outboxes hold to the bus. One process at a time drains a schema, so any number may start this. */
export function drainCatalogs(
  catalogs: readonly Catalog[],
  parts: { readonly host: DatabaseHost; readonly bus: Bus; readonly log: Logger },
): { readonly drainers: readonly Drainer[]; close(): Promise<void> } {
  const { host, bus, log } = parts
  const drainers = catalogs.map(({ schema }) =>
    createOutbox(schema.name).startDrainer({
      db: host.as(schema.role),
      host,
      publish: (message) => bus.publish(message),
      log,
    }),
  )
  return {
    drainers,
    async close() {
      await Promise.all(drainers.map((drainer) => drainer.stop()))
    },
  }
}
