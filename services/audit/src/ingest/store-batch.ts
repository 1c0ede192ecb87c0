import type { IncomingMessage } from '@gatehouse/bus'
import { type Database, isSqlError } from '@gatehouse/database'
import { type Begun, begun_insert_missing } from '../begun/begun.store.ts'
import { dead_letters_insert_missing, events_insert_missing } from './events.store.ts'
import { type DeadLetter, readMessage, type Stored } from './read-message.ts'

/** What became of a batch. */
export interface BatchResult {
  /** New rows. */
  readonly stored: number
  /** Events that were there already: delivered again. */
  readonly repeated: number
  /** Set aside. */
  readonly dead: readonly DeadLetter[]
}

const PURPOSE = 'audit: ingest'

/**
 * Stores a batch: one statement for its events, one for what cannot be an event, one transaction for both. When the batch has returned,
 * it may be acknowledged. What the database refuses because of the value itself is found out one by one and set aside.
 * @throws DatabaseUnavailable, and every fault that is not the fault of a message: the batch has to come again
 */
export async function storeBatch(database: Database, messages: readonly IncomingMessage[]): Promise<BatchResult> {
  const read = messages.map(readMessage)
  const good = read.flatMap((message) => message.good)
  const dead = read.flatMap((message) => message.dead)
  const begun = read.flatMap((message) => message.begun)
  try {
    return await storeTogether(database, good, dead, begun)
  } catch (error) {
    if (!isFaultOfValue(error)) throw error
    // What an own schema has checked is at no fault.
    return storeOneByOne(database, good, dead, begun)
  }
}

async function storeTogether(
  database: Database,
  good: readonly Stored[],
  dead: readonly DeadLetter[],
  begun: readonly Begun[] = [],
): Promise<BatchResult> {
  const stored = await database.asPlatform(PURPOSE, async (tx) => {
    const inserted =
      good.length === 0
        ? 0
        : await events_insert_missing(
            tx,
            good.map(({ row }) => row),
          )
    if (begun.length > 0) await begun_insert_missing(tx, begun)
    if (dead.length > 0) await dead_letters_insert_missing(tx, dead)
    return inserted
  })
  return { stored, repeated: good.length - stored, dead }
}

async function storeOneByOne(
  database: Database,
  good: readonly Stored[],
  unreadable: readonly DeadLetter[],
  begun: readonly Begun[],
): Promise<BatchResult> {
  const dead = [...unreadable]
  let stored = 0
  let repeated = 0
  for (const one of good) {
    try {
      const result = await storeTogether(database, [one], [])
      stored += result.stored
      repeated += result.repeated
    } catch (error) {
      if (!isFaultOfValue(error)) throw error
      dead.push({ origin: one.origin, reason: 'database.refused', payload: one.bytes() })
    }
  }
  if (dead.length + begun.length > 0) await storeTogether(database, [], dead, begun)
  return { stored, repeated, dead }
}

/** SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation): trying again would end the same way. */
function isFaultOfValue(error: unknown): boolean {
  return isSqlError(error) && (error.code.startsWith('22') || error.code.startsWith('23'))
}
