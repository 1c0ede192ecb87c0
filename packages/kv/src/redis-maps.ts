import type { Redis, Result } from 'ioredis'
import { lifeTime } from './life.ts'
import type { MapChange } from './port.ts'

/**
 * KEYS[1] the map; ARGV: life time, clear, unless, has where, where field, where value, at most (-1: any), number of fields to read, those
 * fields, number to remove, those, then field and value of what is set. Answers whether it changed, and the fields as they were.
 */
const CHANGE = `
local key = KEYS[1]
local at = 8
local read = {}
local reads = tonumber(ARGV[at])
for n = 1, reads do read[n] = redis.call('HGET', key, ARGV[at + n]) end
at = at + reads + 1
if ARGV[3] ~= '' and redis.call('HEXISTS', key, string.sub(ARGV[3], 2)) == 1 then return { 0, read } end
if ARGV[4] == '1' and redis.call('HGET', key, ARGV[5]) ~= ARGV[6] then return { 0, read } end
local removed = {}
local removes = tonumber(ARGV[at])
local most = tonumber(ARGV[7])
local first = at + removes + 1
if most >= 0 then
  local old = redis.call('HLEN', key)
  local size = old
  local gone = {}
  if ARGV[2] == '1' then size = 0 end
  for n = 1, removes do
    local field = ARGV[at + n]
    if not gone[field] and ARGV[2] ~= '1' and redis.call('HEXISTS', key, field) == 1 then size = size - 1 end
    gone[field] = true
  end
  for n = first, #ARGV, 2 do
    if ARGV[2] == '1' or gone[ARGV[n]] or redis.call('HEXISTS', key, ARGV[n]) == 0 then size = size + 1 end
  end
  if size > most and size > old then return { 0, read } end
end
if ARGV[2] == '1' then redis.call('DEL', key) end
for n = 1, removes do redis.call('HDEL', key, ARGV[at + n]) end
for n = first, #ARGV, 2 do redis.call('HSET', key, ARGV[n], ARGV[n + 1]) end
redis.call('PEXPIRE', key, ARGV[1])
return { 1, read }`

export const MAP_SCRIPTS = { changeMapIf: { lua: CHANGE, numberOfKeys: 1 } } as const

declare module 'ioredis' {
  interface RedisCommander<Context> {
    changeMapIf(key: string, ...args: (string | number)[]): Result<[changed: number, read: (string | null)[]], Context>
  }
}

export async function readMap(redis: Redis, key: string, fields?: readonly string[]): Promise<Map<string, string>> {
  if (fields === undefined) return new Map(Object.entries(await redis.hgetall(key)))
  if (fields.length === 0) return new Map()
  return zip(fields, await redis.hmget(key, ...fields))
}

export async function changeMap(
  redis: Redis,
  key: string,
  change: MapChange,
  ttlMs: number,
  read: readonly string[] = [],
): Promise<{ readonly changed: boolean; readonly before: Map<string, string> }> {
  const { clear = false, set = {}, remove = [], unless, where, atMost = -1 } = change
  const [changed, values] = await redis.changeMapIf(
    key,
    lifeTime(ttlMs),
    clear ? 1 : 0,
    // An empty name is a name too.
    unless === undefined ? '' : `=${unless}`,
    where === undefined ? 0 : 1,
    where?.[0] ?? '',
    where?.[1] ?? '',
    atMost,
    read.length,
    ...read,
    remove.length,
    ...remove,
    ...Object.entries(set).flat(),
  )
  return { changed: changed === 1, before: zip(read, values) }
}

function zip(fields: readonly string[], values: readonly (string | null | undefined)[]): Map<string, string> {
  const found = new Map<string, string>()
  fields.forEach((field, at) => {
    const value = values[at]
    if (value !== null && value !== undefined) found.set(field, value)
  })
  return found
}
