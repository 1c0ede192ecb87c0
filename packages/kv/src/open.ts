import { type Clock, systemClock } from '@gatehouse/contracts'
import { type Logger, silentLogger } from '@gatehouse/telemetry'
import { openMemory } from './memory.ts'
import type { KeyValue } from './port.ts'
import { openRedis } from './redis.ts'

export interface KeyValueOptions {
  readonly logger?: Logger
  /** Time of the memory driver; Redis has its own. */
  readonly clock?: Clock
}

/**
 * Opens the store that a URL names: `memory:` or nothing is this process's memory, `redis://` and `rediss://` a server.
 * A server that is away does not stop the opening: calls throw `KeyValueUnavailable` until it is back.
 */
export async function openKeyValue(url: string | undefined, options: KeyValueOptions = {}): Promise<KeyValue> {
  const { logger = silentLogger, clock = systemClock } = options
  const scheme = url === undefined ? 'memory:' : new URL(url).protocol
  if (url === undefined || scheme === 'memory:') return openMemory(clock)
  if (scheme === 'redis:' || scheme === 'rediss:') return openRedis(url, logger)
  throw new TypeError(`no key-value driver for "${scheme}"; use memory:, redis:// or rediss://`)
}
