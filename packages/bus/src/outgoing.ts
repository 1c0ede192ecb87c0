import type { OutgoingMessage } from './port.ts'
import { isLiteralSubject } from './subjects.ts'

/** What every driver takes: a NATS server's default of 1 MiB, less room for headers. */
export const MAX_DATA_BYTES = 1_000_000

/**
 * The bytes of a message that any driver can store.
 * @throws TypeError, RangeError for a message that no repeat would make acceptable
 */
export function outgoingData(message: OutgoingMessage): Uint8Array {
  if (!isLiteralSubject(message.subject)) throw new TypeError(`not a subject to publish to: "${message.subject}"`)
  if (!/^[\x20-\x7e]{1,512}$/.test(message.id))
    throw new TypeError('a message id is 1 to 512 printable ASCII characters')
  const data = typeof message.data === 'string' ? Buffer.from(message.data) : message.data
  if (data.byteLength > MAX_DATA_BYTES) {
    throw new RangeError(`a message holds at most ${MAX_DATA_BYTES} bytes, not ${data.byteLength}`)
  }
  return data
}
