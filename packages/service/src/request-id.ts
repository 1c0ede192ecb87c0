import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Ids of clients and proxies that are taken over. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** The first four groups of a UUID: drawn once, they tell one process from all others. */
const OWN = randomUUID().slice(0, -12)
/** The last digits of a count, and how many numbers they tell apart; those before them change rarely and are kept as text. */
const LAST = Array.from({ length: 4_096 }, (_, number) => number.toString(16).padStart(3, '0'))
let before = ''
let count = 0

/** The id that a request came with, or one that no other has. It can be guessed: it names a request, and gives no right. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given
  const last = count % LAST.length
  if (last === 0)
    before =
      OWN +
      Math.floor(count / LAST.length)
        .toString(16)
        .padStart(9, '0')
  count += 1
  return `${before}${LAST[last]}`
}
