import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Ids of clients and proxies that are taken over. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** The first four groups of a UUID: drawn once, they tell one process from all others. */
const OWN = randomUUID().slice(0, -12)
let count = 0

/** The id that a request came with, or one that no other has. It can be guessed: it names a request, and gives no right. */
export function requestIdOf({ headers }: Pick<IncomingMessage, 'headers'>): string {
  const given = headers['x-request-id']
  if (typeof given === 'string' && REQUEST_ID.test(given)) return given
  count += 1
  return OWN + count.toString(16).padStart(12, '0')
}
