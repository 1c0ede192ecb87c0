import type { Redis, Result } from 'ioredis'
import { type Counted, KeyValueUnavailable } from './port.ts'

/**
 * Counts in windows, one after the other. KEYS: of each its key, and a second one where it has a limit. ARGV, of each: how much to add, the
 * life time of a new window, the limit within which the second is counted too, empty where there is no second. Answers for each one its
 * count and life time, and those of the second; or in words why it could not be counted, which does not concern the others.
 * The window's end is set by its first use only; a key that lost its expiry gets one, so no counter lives for ever.
 */
const COUNT = `
local function count(key, by, life)
  local counted = redis.pcall('INCRBY', key, by)
  if type(counted) == 'table' then return counted.err end
  local left = redis.call('PTTL', key)
  if left < 0 then
    redis.call('PEXPIRE', key, life)
    left = tonumber(life)
  end
  return counted, left
end
local answers = {}
local at = 1
for n = 1, #ARGV / 3 do
  local by, life, limit = ARGV[3 * n - 2], ARGV[3 * n - 1], ARGV[3 * n]
  local counted, left = count(KEYS[at], by, life)
  local second = KEYS[at + 1]
  at = at + (limit == '' and 1 or 2)
  if left == nil then
    answers[n] = counted
  elseif limit == '' or counted > tonumber(limit) then
    answers[n] = { counted, left }
  else
    local other, otherLeft = count(second, by, life)
    if otherLeft == nil then answers[n] = other else answers[n] = { counted, left, other, otherLeft } end
  end
end
return answers`

export const WINDOW_SCRIPTS = { countWindows: { lua: COUNT } } as const

type Answer = readonly [count: number, leftMs: number, count?: number, leftMs?: number] | string

declare module 'ioredis' {
  interface RedisCommander<Context> {
    countWindows(keys: number, ...keysAndArguments: (string | number)[]): Result<Answer[], Context>
  }
}

export interface Windows {
  /** @throws KeyValueUnavailable */
  count(keys: readonly [string, string?], by: number, windowMs: number, limit?: number): Promise<readonly Counted[]>
}

interface Waiting {
  readonly settle: (counted: readonly Counted[]) => void
  readonly fail: (error: KeyValueUnavailable) => void
}

/** What goes in one command: keys of one slot of a cluster. */
interface Batch {
  readonly keys: string[]
  readonly given: (string | number)[]
  readonly waiting: Waiting[]
}

/** The server does nothing else meanwhile. */
const MAX_AT_ONCE = 100

/** Turns of the loop that a question waits at most; one that comes alone waits for two. */
const MOST_TURNS = 4

/**
 * What is asked for in turns of the loop that follow one another is one command, for each hash tag: with each turn that brings more, a command waits for the
 * next, since it costs this process ten times what is in it.
 */
export function gatherWindows(redis: Redis): Windows {
  let batches = new Map<string, Batch>()
  let asked = 0
  let seen = 0
  let turns = 0

  const look = (): void => {
    turns += 1
    if (asked > seen && turns < MOST_TURNS) {
      seen = asked
      setImmediate(look)
    } else flush()
  }
  const flush = (): void => {
    asked = seen = turns = 0
    const all = batches
    batches = new Map()
    for (const batch of all.values()) send(batch)
  }
  const send = ({ keys, given, waiting }: Batch): void => {
    redis.countWindows(keys.length, ...keys, ...given).then(
      (answers) => {
        for (const [at, { settle, fail }] of waiting.entries()) {
          const answer = answers[at]
          if (Array.isArray(answer)) settle(countedOf(answer as Exclude<Answer, string>))
          else fail(new KeyValueUnavailable(new Error(String(answer))))
        }
      },
      (error: unknown) => {
        for (const { fail } of waiting) fail(new KeyValueUnavailable(error))
      },
    )
  }
  return {
    count([key, second], by, windowMs, limit = 0) {
      if (asked === 0) setImmediate(look)
      asked += 1
      const tag = tagOf(key)
      let batch = batches.get(tag)
      if (batch === undefined) {
        batch = { keys: [], given: [], waiting: [] }
        batches.set(tag, batch)
      }
      const { keys, given, waiting } = batch
      keys.push(key)
      if (second !== undefined) keys.push(second)
      given.push(by, windowMs, second === undefined ? '' : limit)
      const counted = new Promise<readonly Counted[]>((settle, fail) => waiting.push({ settle, fail }))
      if (waiting.length === MAX_AT_ONCE) {
        batches.delete(tag)
        send(batch)
      }
      return counted
    },
  }
}

const countedOf = ([count, resetMs, other, otherMs]: Exclude<Answer, string>): readonly Counted[] =>
  other === undefined || otherMs === undefined
    ? [{ count, resetMs }]
    : [
        { count, resetMs },
        { count: other, resetMs: otherMs },
      ]

/** What decides over the slot of a key. */
function tagOf(key: string): string {
  const opens = key.indexOf('{')
  const closes = opens < 0 ? -1 : key.indexOf('}', opens + 1)
  return closes > opens + 1 ? key.slice(opens + 1, closes) : key
}
