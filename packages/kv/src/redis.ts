import type { Logger } from '@gatehouse/telemetry'
import { Redis } from 'ioredis'
import { keepStringsFast } from './fast-strings.ts'
import { lifeTime } from './life.ts'
import { type Counted, type KeyValue, KeyValueUnavailable } from './port.ts'
import { openChannels } from './redis-channels.ts'
import { changeMap, MAP_SCRIPTS, readMap } from './redis-maps.ts'
import { gatherWindows, WINDOW_SCRIPTS } from './redis-windows.ts'

keepStringsFast()

/** How long a command may take, and how long opening waits for the first connection. Milliseconds. */
const ANSWER_WITHIN = 500
/** A socket that owes an answer for this long is dead, whatever TCP says: it is dropped and opened anew. */
const SILENT_FOR = 2_000
const RETRY_FROM = 50
const RETRY_AT_MOST = 1_000

/** Resolves when the server is ready, or when it has not become so in time: the client goes on trying by itself. */
export async function openRedis(url: string, logger: Logger): Promise<KeyValue> {
  const redis = new Redis(url, {
    commandTimeout: ANSWER_WITHIN,
    connectTimeout: SILENT_FOR,
    socketTimeout: SILENT_FOR,
    // A command that met no server fails at once. Sent again later it could claim or count a second time.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(RETRY_FROM * 2 ** Math.min(attempt - 1, 8), RETRY_AT_MOST),
    // After a failover the old primary refuses writes: the address leads to the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    scripts: { ...WINDOW_SCRIPTS, ...MAP_SCRIPTS },
  })
  logOutages(redis, new URL(url).host, logger)
  await firstConnection(redis)
  return overRedis(redis)
}

/** One line when the server goes away and one when it is back, however many tries lie between. */
function logOutages(redis: Redis, host: string, logger: Logger): void {
  let away = false
  const lost = (error?: Error): void => {
    if (away) return
    away = true
    logger.warn({ host, ...(error && { err: error }) }, 'key-value store is away')
  }
  redis.on('error', lost)
  redis.on('reconnecting', () => lost())
  redis.on('ready', () => {
    if (away) logger.info({ host }, 'key-value store is back')
    away = false
  })
}

function firstConnection(redis: Redis): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(done, ANSWER_WITHIN)
    function done(): void {
      clearTimeout(deadline)
      redis.off('ready', done).off('error', done)
      resolve()
    }
    redis.once('ready', done).once('error', done)
  })
}

function overRedis(redis: Redis): KeyValue {
  const channels = openChannels(() => {
    const own = redis.duplicate({ autoResubscribe: false })
    // The first connection tells of outages.
    own.on('error', () => undefined)
    return own
  }, firstConnection)
  const windows = gatherWindows(redis)
  return {
    get: (key) => answered(async () => (await redis.get(key)) ?? undefined),
    async set(key, value, ttlMs) {
      const life = lifeTime(ttlMs)
      await answered(() => redis.set(key, value, 'PX', life))
    },
    async claim(key, value, ttlMs) {
      const life = lifeTime(ttlMs)
      return (await answered(() => redis.set(key, value, 'PX', life, 'NX'))) === 'OK'
    },
    take: (key) => answered(async () => (await redis.getdel(key)) ?? undefined),
    async increment(key, by, windowMs) {
      const [counted] = await windows.count([key], by, lifeTime(windowMs))
      return counted as Counted
    },
    async incrementWithin(keys, limit, by, windowMs) {
      const [first, second] = await windows.count(keys, by, lifeTime(windowMs), limit)
      return second === undefined ? [first as Counted] : [first as Counted, second]
    },
    delete: async (key) => (await answered(() => redis.del(key))) === 1,
    readMap: (key, fields) => answered(() => readMap(redis, key, fields)),
    async changeMap(key, change, ttlMs, read) {
      lifeTime(ttlMs)
      return answered(() => changeMap(redis, key, change, ttlMs, read))
    },
    async publish(channel, message) {
      await answered(() => redis.publish(channel, message))
    },
    subscribe: channels.subscribe,
    async ping() {
      await answered(() => redis.ping())
    },
    async close() {
      channels.close()
      redis.disconnect()
    },
  }
}

/** Whatever keeps the server from doing the step (no connection, no answer, a refusal) is the same to the caller. */
async function answered<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    throw new KeyValueUnavailable(error)
  }
}
