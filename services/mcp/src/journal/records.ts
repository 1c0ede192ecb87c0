import { crc32 } from 'node:zlib'

/** Begins each segment, so that a file of another kind or form is not read as one. */
export const MAGIC = Buffer.from('GHJ1\n')

const HEADER_BYTES = 8
/** A record is one audit event; longer ones are nothing of ours, and a damaged length must not ask for gigabytes. */
export const MAX_RECORD_BYTES = 1_048_576

/** Length and checksum, 4 bytes each, most significant first, then the text. */
export function encodeRecord(text: string): Buffer {
  const bytes = Buffer.byteLength(text)
  if (bytes > MAX_RECORD_BYTES) throw new RangeError(`a record of ${bytes} bytes is too long for the journal`)
  const record = Buffer.allocUnsafe(HEADER_BYTES + bytes)
  record.write(text, HEADER_BYTES)
  record.writeUInt32BE(bytes, 0)
  record.writeUInt32BE(crc32(record.subarray(HEADER_BYTES)), 4)
  return record
}

export interface ReadSegment {
  readonly records: readonly string[]
  /** Bytes that hold these records, from the start of the file. What follows was not written to its end. */
  readonly wholeBytes: number
  /** Bytes that follow. */
  readonly tornBytes: number
}

/** The records of a segment up to the first that is not whole. Pure; never throws, whatever the bytes are. */
export function readSegment(bytes: Buffer): ReadSegment {
  const records: string[] = []
  let at = bytes.subarray(0, MAGIC.length).equals(MAGIC) ? MAGIC.length : 0
  while (at >= MAGIC.length && bytes.length - at >= HEADER_BYTES) {
    const length = bytes.readUInt32BE(at)
    const end = at + HEADER_BYTES + length
    if (length === 0 || length > MAX_RECORD_BYTES || end > bytes.length) break
    const body = bytes.subarray(at + HEADER_BYTES, end)
    if (crc32(body) !== bytes.readUInt32BE(at + 4)) break
    records.push(body.toString('utf8'))
    at = end
  }
  return { records, wholeBytes: at, tornBytes: bytes.length - at }
}
