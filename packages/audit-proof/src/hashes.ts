import { hash } from 'node:crypto'
import canonicalize from 'canonicalize'

/** What a row says, as it is committed to: every field that has a value. Two of equal canonical JSON (RFC 8785) are the same evidence. */
export type Evidence = Readonly<Record<string, unknown>> & {
  readonly id: string
  readonly tenant: string
  readonly class: string
  /** RFC 3339, UTC, milliseconds. */
  readonly time: string
}

/** A chain of its own: the rows of one tenant, one retention class and one month (UTC) of their times. */
export interface SegmentKey {
  readonly tenant: string
  readonly class: string
  /** `2026-03` */
  readonly month: string
}

/** A segment as a head commits to it. Hashes are hex SHA-256. */
export interface Segment {
  readonly class: string
  readonly month: string
  /** Rows that were ever sealed in it; the last one has this sequence number. */
  readonly count: number
  /** Of the chain at `count`. */
  readonly hash: string
  /** Rows up to this number were dropped when their time was over; 0 = none. */
  readonly droppedThrough: number
  /** Of the chain at `droppedThrough`; of the empty chain when nothing was dropped. */
  readonly droppedHash: string
}

const sha256 = (label: string, ...parts: readonly string[]): string =>
  hash('sha256', ['gatehouse.audit', label, ...parts].join('\n'), 'hex')

/** @throws for what JSON cannot carry */
export function canonical(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new TypeError('not a JSON value')
  return text
}

/** The hash of one row. */
export const leafOf = (evidence: Evidence): string => sha256('row', canonical(evidence))

/** Where the chain of a segment begins: it cannot be passed off as another's. */
export const genesisOf = ({ tenant, class: kind, month }: SegmentKey): string =>
  sha256('segment', canonical([tenant, kind, month]))

/** The chain, one row further. */
export const linkOf = (previous: string, leaf: string): string => sha256('link', previous, leaf)

/** The hash of a signed head, by which the next one and the list of tenants name it. */
export const headHash = (jws: string): string => sha256('head', jws)

/** `2026-03` of an RFC 3339 time in UTC. */
export const monthOf = (time: string): string => time.slice(0, 7)

/** A list that is hashed as it passes, entry by entry, in its order. */
export interface Digest {
  add(entry: readonly (string | number)[]): void
  readonly count: number
  value(): string
}

export function createDigest(label: 'segments' | 'tenants'): Digest {
  let count = 0
  let value = sha256(label)
  return {
    add(entry) {
      count += 1
      value = sha256(label, value, canonical(entry))
    },
    get count() {
      return count
    },
    value: () => value,
  }
}

/** @param segments sorted by class and month */
export function segmentsDigest(segments: readonly Segment[]): Digest {
  const digest = createDigest('segments')
  for (const segment of segments) digest.add(segmentEntry(segment))
  return digest
}

export const segmentEntry = (of: Segment): readonly (string | number)[] => [
  of.class,
  of.month,
  of.count,
  of.hash,
  of.droppedThrough,
  of.droppedHash,
]

/** By code units, as both the database (collation "C") and JavaScript can. */
export const bySegment = (a: Pick<Segment, 'class' | 'month'>, b: Pick<Segment, 'class' | 'month'>): number =>
  compare(a.class, b.class) || compare(a.month, b.month)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
