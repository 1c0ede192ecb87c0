import { type Clock, systemClock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { type Logger, silentLogger } from '@gatehouse/telemetry'
import { openMemory } from './memory/driver.ts'
import { openNats } from './nats/driver.ts'
import type { Bus } from './port.ts'

export interface BusOptions {
  /** Where the embedded driver keeps its streams: the database as `gatehouse_bus`, migrated with `busSchema`. */
  readonly database?: Database
  readonly logger?: Logger
  /** Time of the embedded driver; NATS has its own. */
  readonly clock?: Clock
  /** Name of the connection, as the server's monitoring shows it. */
  readonly name?: string
  /** Copies of each stream in a NATS cluster. Absent: one for a new stream, unchanged for one that is there. */
  readonly replicas?: number
}

/**
 * Opens the bus that a URL names: `memory:` or nothing is in process, with streams kept in the embedded database;
 * `nats://` and `tls://` (several servers separated by commas) is JetStream. A server that is away does not stop the
 * opening: publishing throws `BusUnavailable` until it is back, consumers and followers start when it is there.
 */
export async function openBus(url: string | undefined, options: BusOptions = {}): Promise<Bus> {
  const { logger = silentLogger, clock = systemClock } = options
  const scheme = url === undefined ? 'memory:' : new URL(url.split(',', 1)[0] ?? '').protocol
  if (url === undefined || scheme === 'memory:') {
    if (!options.database) throw new TypeError('the embedded bus keeps its streams in a database; none was given')
    return openMemory({ database: options.database, logger, clock })
  }
  if (scheme === 'nats:' || scheme === 'tls:') {
    const { name = 'gatehouse', replicas } = options
    return openNats(url, { logger, name, ...(replicas !== undefined && { replicas }) })
  }
  throw new TypeError(`no bus driver for "${scheme}"; use memory:, nats:// or tls://`)
}
