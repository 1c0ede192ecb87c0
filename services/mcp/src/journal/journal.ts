import { mkdir, open, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import { takeFolder } from './lock.ts'
import { encodeRecord, MAGIC, readSegment } from './records.ts'

/** What could not be written: the disk is full, the journal has reached its size, or it is closed. */
export class JournalFull extends Error {
  constructor(cause: unknown) {
    super('the journal cannot be written', { cause })
    this.name = 'JournalFull'
  }
}

/** The file that a segment is written to. Opened by `openFile`, so that tests can have disks that are full. */
export interface SegmentFile {
  /** All of it or an error. */
  append(bytes: Buffer): Promise<void>
  /** Resolves when what was appended survives the machine. */
  sync(): Promise<void>
  close(): Promise<void>
}

export interface Segment {
  readonly name: string
  readonly records: readonly string[]
}

export interface Journal {
  /** Resolves when the record survives the machine. Those that wait together are written and synced together. @throws JournalFull */
  append(text: string): Promise<void>
  /** Whether there is room for what is yet to begin; a part is kept for what has begun. */
  readonly writable: boolean
  readonly empty: boolean
  readonly bytes: number
  /** When the oldest record that is still here was appended, in milliseconds; as the file says after a restart. */
  readonly oldestAt: number | undefined
  /** The oldest segment. Nothing is appended to it any more. */
  oldest(): Promise<Segment | undefined>
  /** The segment has gone elsewhere. */
  remove(name: string): Promise<void>
  close(): Promise<void>
}

export interface JournalOptions {
  readonly folder: string
  readonly clock: Clock
  readonly log: Logger
  /** Beyond it nothing is appended. */
  readonly maxBytes: number
  readonly segmentBytes: number
  readonly openFile?: (path: string) => Promise<SegmentFile>
}

/** The last eighth is for the results of calls that were let in. */
const WRITABLE = 7 / 8
/** How long nothing is tried after the disk refused. */
const REFUSED_MS = 1_000

interface Kept {
  readonly name: string
  readonly at: number
  bytes: number
}

interface Waiting {
  readonly record: Buffer
  readonly written: () => void
  readonly failed: (error: JournalFull) => void
}

/**
 * Records on this machine's disk, in segments that are only appended to: numbered files, each record with its length and checksum. What
 * a process that was killed has left is there when the folder is opened again.
 * @throws JournalHeld when another process has the folder
 */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { folder, clock, log, maxBytes, segmentBytes, openFile = openSegment } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const lock = await takeFolder(folder)
  const kept = await keptIn(folder)
  let next = Math.max(0, ...kept.map(({ name }) => numberOf(name))) + 1
  let bytes = kept.reduce((sum, segment) => sum + segment.bytes, 0)
  /** The one that is being written; always the last of `kept`. */
  let current: { readonly segment: Kept; readonly file: SegmentFile; records: number } | undefined
  let waiting: Waiting[] = []
  let waitingBytes = 0
  let refusedAt = Number.NEGATIVE_INFINITY
  let closed = false
  const torn = new Set<string>()
  if (kept.length > 0) {
    log.info({ folder, segments: kept.length, bytes }, 'the journal has records of an earlier process')
  }

  let last: Promise<unknown> = Promise.resolve()
  /** One thing at a time happens on the disk. */
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const done = last.then(step)
    last = done.catch(() => undefined)
    return done
  }
  const pathOf = (name: string): string => join(folder, name)
  const grow = async ({ segment, file }: NonNullable<typeof current>, what: Buffer): Promise<void> => {
    segment.bytes += what.length
    bytes += what.length
    await file.append(what)
  }
  const begin = async () => {
    const segment: Kept = { name: `${String(next).padStart(12, '0')}.journal`, at: clock.now(), bytes: 0 }
    next += 1
    const file = await openFile(pathOf(segment.name))
    kept.push(segment)
    current = { segment, file, records: 0 }
    await grow(current, MAGIC)
    await syncFolder(folder)
    return current
  }
  /** Nothing is appended to the current segment any more. */
  const seal = async (): Promise<void> => {
    const sealed = current
    current = undefined
    await sealed?.file.close().catch((error: unknown) => log.debug({ err: error }, 'a segment did not close'))
  }
  const write = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    waitingBytes = 0
    if (current !== undefined && current.segment.bytes >= segmentBytes) await seal()
    const whole = current?.segment.bytes ?? 0
    try {
      const into = current ?? (await begin())
      await grow(into, Buffer.concat(batch.map(({ record }) => record)))
      await into.file.sync()
      into.records += batch.length
      for (const { written } of batch) written()
    } catch (error) {
      refusedAt = clock.now()
      log.error({ err: error, folder }, 'the journal cannot be written')
      await cutOff(whole)
      for (const { failed } of batch) failed(new JournalFull(error))
    }
  }
  /** What a failed write or sync has left on the disk is not known: it is cut off, and nothing more is added behind it. */
  const cutOff = async (whole: number): Promise<void> => {
    const segment = current?.segment
    await seal()
    if (segment === undefined) return
    bytes -= segment.bytes - whole
    segment.bytes = whole
    if (whole === 0) kept.splice(kept.indexOf(segment), 1)
    const path = pathOf(segment.name)
    await (whole === 0 ? rm(path, { force: true }) : truncate(path, whole)).catch((error: unknown) =>
      log.warn({ err: error, segment: segment.name }, 'a segment could not be cut off; its end will be taken as torn'),
    )
  }
  const read = async ({ name }: Kept): Promise<Segment> => {
    const { records, tornBytes } = readSegment(await readFile(pathOf(name)))
    if (tornBytes > 0) {
      torn.add(name)
      log.error({ segment: name, records: records.length, tornBytes }, 'a segment ends in what was not written whole')
    }
    return { name, records }
  }

  return {
    append(text) {
      if (closed) return Promise.reject(new JournalFull(new Error('closed')))
      const record = encodeRecord(text)
      if (bytes + waitingBytes + record.length + MAGIC.length > maxBytes) {
        return Promise.reject(new JournalFull(new Error(`it holds ${bytes} bytes, its limit is ${maxBytes}`)))
      }
      return new Promise((resolve, reject) => {
        // Whatever comes until its turn is written and synced together.
        if (waiting.length === 0) void inTurn(write)
        waiting.push({ record, written: resolve, failed: reject })
        waitingBytes += record.length
      })
    },
    get writable() {
      return !closed && bytes + waitingBytes < maxBytes * WRITABLE && clock.now() - refusedAt >= REFUSED_MS
    },
    get empty() {
      return kept.length === 0 && waiting.length === 0
    },
    get bytes() {
      return bytes
    },
    get oldestAt() {
      return kept[0]?.at
    },
    async oldest() {
      const segment = await inTurn(async () => {
        if (kept[0] !== undefined && kept[0] === current?.segment) await seal()
        return kept[0]
      })
      return segment && read(segment)
    },
    remove: (name) =>
      inTurn(async () => {
        const at = kept.findIndex((segment) => segment.name === name)
        if (at < 0) return
        // Whatever the end of it was, an operator may want to see it.
        if (torn.delete(name)) await rename(pathOf(name), pathOf(`${name}.torn`))
        else await rm(pathOf(name), { force: true })
        const [gone] = kept.splice(at, 1)
        bytes -= gone?.bytes ?? 0
      }),
    async close() {
      if (closed) return
      closed = true
      await inTurn(seal)
      await lock.release()
    },
  }
}

const numberOf = (name: string): number => Number(name.slice(0, 12))

async function keptIn(folder: string): Promise<Kept[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{12}\.journal$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const { size, birthtimeMs } = await stat(join(folder, name))
      return { name, at: birthtimeMs, bytes: size }
    }),
  )
}

async function openSegment(path: string): Promise<SegmentFile> {
  const handle = await open(path, 'ax', 0o600)
  return {
    append: (bytes) => handle.appendFile(bytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  }
}

/** A new file is only there for good when its folder says so. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
