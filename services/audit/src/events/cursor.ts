import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { isStorable } from './instant.ts'

/** The last row of a page; the next page begins behind it. */
export interface Position {
  readonly time: Date
  readonly id: string
}

const shape = z.tuple([
  z
    .number()
    .int()
    .refine((time) => isStorable(new Date(time))),
  z.guid(),
])

/** Opaque to callers. It only says where to go on; what may be seen is decided anew by each request. */
export const writeCursor = ({ time, id }: Position): string =>
  Buffer.from(JSON.stringify([time.getTime(), id])).toString('base64url')

/** @throws Refusal */
export function readCursor(cursor: string): Position {
  try {
    const [time, id] = shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
    return { time: new Date(time), id }
  } catch {
    throw new Refusal('cursor.invalid')
  }
}
