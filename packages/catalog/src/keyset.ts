import { z } from 'zod'
import { ToolFailure } from './define.ts'

/** A page of a list whose order is kept by a unique key (keyset pagination): a row that comes or goes meanwhile moves no other. */
export interface Page<T> {
  readonly items: readonly T[]
  /** Absent on the last page. */
  readonly nextCursor?: string
}

/** Where the next page starts, as clients hand it back. It holds sort keys of a row that its reader has seen, and gives no right. */
export interface Keyset<K> {
  /** @throws ToolFailure `bad_cursor` */
  read(cursor: string | undefined): K | undefined
  /** Of `limit + 1` rows that were asked for: the page, and a cursor when there are more. */
  page<T>(rows: readonly T[], limit: number, keyOf: (row: T) => K): Page<T>
}

export const cursorField = z
  .string()
  .max(1_000)
  .optional()
  .describe('nextCursor of the page before; leave it out for the first page.')

/** @param key of a row: what the list is sorted by, ending with something unique. JSON values. */
export function keyset<S extends z.ZodType>(key: S): Keyset<z.output<S>> {
  const decode = (cursor: string): unknown => {
    try {
      return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    } catch {
      return undefined
    }
  }
  return {
    read(cursor) {
      if (cursor === undefined) return undefined
      const parsed = key.safeParse(decode(cursor))
      if (parsed.success) return parsed.data
      throw new ToolFailure(
        'bad_cursor',
        'The cursor was not given out for this list. Pass nextCursor as it came, or leave it out to begin anew.',
      )
    },
    page(rows, limit, keyOf) {
      const items = rows.slice(0, limit)
      const last = items.at(-1)
      if (rows.length <= limit || last === undefined) return { items }
      return { items, nextCursor: Buffer.from(JSON.stringify(keyOf(last))).toString('base64url') }
    },
  }
}
