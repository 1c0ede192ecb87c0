import type { ServerResponse } from 'node:http'

/**
 * Writes to a stream in one piece, and at once. Node would gather what is written in a turn of the loop and send it after that: of thousands of streams
 * that are told something in slices, the sending would be in no slice.
 * @returns as `write` does: `false` when the reader is behind
 */
export function writeNow(raw: ServerResponse, text: string): boolean {
  const { socket } = raw
  socket?.cork()
  const keepsUp = raw.write(text)
  socket?.uncork()
  return keepsUp
}
