import type { Tx } from '@gatehouse/database'
import type { OutgoingMessage } from '../port.ts'
import { forgetIds, insertMessage, sequenceOfId, trimAge, trimBytes, trimSubject } from './messages.store.ts'
import { nextSlot, type Slot } from './streams.store.ts'

export interface Appended {
  readonly sequence: number
  readonly duplicate: boolean
}

/** Stores a message, or finds that its id is known. `undefined`: there is no such stream. */
export async function append(
  tx: Tx,
  stream: string,
  message: OutgoingMessage & { readonly data: Uint8Array },
  now: number,
): Promise<Appended | undefined> {
  const slot = await nextSlot(tx, stream)
  if (!slot) return undefined
  const { subject, id, data, headers = {} } = message
  const { sequence } = slot
  const knownSince = new Date(now - slot.duplicateWindowSeconds * 1_000)
  const added = await insertMessage(
    tx,
    { stream, sequence, subject, id, data, headers, time: new Date(now) },
    knownSince,
  )
  if (!added) return { sequence: await sequenceOfId(tx, stream, id), duplicate: true }
  if (slot.maxMessagesPerSubject !== undefined) await trimSubject(tx, stream, subject, slot.maxMessagesPerSubject)
  // Readers leave out what is too old, so the rows may stay for a while: one publish in fifty clears them away.
  if (sequence % 50 === 0) await sweep(tx, stream, slot, now)
  return { sequence, duplicate: false }
}

async function sweep(tx: Tx, stream: string, slot: Slot, now: number): Promise<void> {
  if (slot.maxAgeSeconds !== undefined) await trimAge(tx, stream, new Date(now - slot.maxAgeSeconds * 1_000))
  if (slot.maxBytes !== undefined) await trimBytes(tx, stream, slot.maxBytes)
  await forgetIds(tx, stream, new Date(now - slot.duplicateWindowSeconds * 1_000))
}
