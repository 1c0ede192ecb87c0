/** A change as the recorded log has it. Times in milliseconds of one clock, that of this machine. */
export interface Change {
  readonly uri: string
  readonly sequence: number
  /** When the log stored it. */
  readonly time: number
  /** What reading it shows from then on, at least. */
  readonly value: number
}

/** One connection of a listener, from its request to its end. */
export interface Stream {
  readonly askedAt: number
  readonly frames: readonly { readonly uri: string; readonly at: number }[]
}

/** A client that holds one stream after the other, each of which asks for the same URIs. */
export interface Listener {
  readonly uris: readonly string[]
  /** From when on what changes has to be told. */
  readonly since: number
  readonly streams: readonly Stream[]
}

export interface ReadSeen {
  readonly uri: string
  readonly askedAt: number
  readonly value: number
}

/** An update that tells of no change. */
export interface Needless {
  readonly uri: string
  /** When its stream was asked for. */
  readonly askedAt: number
  readonly at: number
  /** When that stream was told of this URI before. */
  readonly before: number | undefined
}

export interface Judged {
  /** Pairs of a change and a listener who had to be told of it. */
  readonly due: number
  /** Those of which there was no word afterwards. */
  readonly missed: readonly { readonly uri: string; readonly time: number }[]
  /** Updates in all, and those among them that a new stream is told because of the window. */
  readonly updates: number
  readonly replayed: number
  /** Updates of a URI that had not changed since the last one on that stream, nor in the window before it. */
  readonly needless: readonly Needless[]
  /** From a change to the first word of it, in milliseconds; of what was told by the window too. */
  readonly latencies: readonly number[]
  /** Reads that showed less than what had been stored before they were asked for. */
  readonly stale: readonly ReadSeen[]
}

/**
 * For so long a change may be unknown to a node: that of one which is cut off from the bus for 20 s, the longest of the faults, and catches up afterwards. No
 * change is counted for two updates, whatever this is.
 */
const ON_ITS_WAY_MS = 30_000

/**
 * Compares the recorded log of changes with what each client saw. A change is told when an update of its URI reached the listener at or after the
 * time of the change, on whichever stream; several changes may be told by one update, and one update never counts for a change after it.
 */
export function judge(
  changes: readonly Change[],
  listeners: readonly Listener[],
  reads: readonly ReadSeen[],
  windowMs: number,
): Judged {
  const byUri = changesByUri(changes)
  const missed: { uri: string; time: number }[] = []
  const latencies: number[] = []
  const needless: Needless[] = []
  let [due, updates, replayed] = [0, 0, 0]
  for (const listener of listeners) {
    const told = new Map<string, number[]>()
    for (const stream of listener.streams) {
      const counted = countFrames(stream, byUri, windowMs)
      updates += stream.frames.length
      replayed += counted.replayed
      needless.push(...counted.needless)
      for (const { uri, at } of stream.frames) told.set(uri, [...(told.get(uri) ?? []), at])
    }
    for (const uri of listener.uris) {
      const times = (told.get(uri) ?? []).sort((a, b) => a - b)
      let next = 0
      for (const { time } of byUri.get(uri) ?? []) {
        if (time < listener.since) continue
        due += 1
        while (next < times.length && Number(times[next]) < time) next += 1
        const at = times[next]
        if (at === undefined) missed.push({ uri, time })
        else latencies.push(at - time)
      }
    }
  }
  const stale = reads.filter(({ uri, askedAt, value }) => {
    const before = (byUri.get(uri) ?? []).filter(({ time }) => time < askedAt)
    return value < Math.max(0, ...before.map((change) => change.value))
  })
  return { due, missed, updates, replayed, needless, latencies: latencies.sort((a, b) => a - b), stale }
}

function changesByUri(changes: readonly Change[]): ReadonlyMap<string, readonly Change[]> {
  const found = new Map<string, Change[]>()
  for (const change of changes) {
    const of = found.get(change.uri)
    if (of === undefined) found.set(change.uri, [change])
    else of.push(change)
  }
  return found
}

/**
 * Each update of a URI on a stream needs a change of its own that was stored after the update before it, or so shortly before that the node which
 * told that one may not have heard of it yet. The first update may have one from the window: then it repeats what another stream was told.
 */
function countFrames({ askedAt, frames }: Stream, byUri: ReadonlyMap<string, readonly Change[]>, windowMs: number) {
  const seen = new Map<string, { next: number; from: number }>()
  let replayed = 0
  const needless: Needless[] = []
  for (const { uri, at } of frames) {
    const changes = byUri.get(uri) ?? []
    const known = seen.get(uri)
    const from = known?.from ?? askedAt - windowMs
    let next = known?.next ?? 0
    while (next < changes.length && (changes[next]?.time ?? 0) <= from) next += 1
    const change = changes[next]
    if (change === undefined || change.time > at)
      needless.push({ uri, askedAt, at, before: known && known.from + ON_ITS_WAY_MS })
    else {
      next += 1
      if (known === undefined && change.time < askedAt && !changedBetween(changes, askedAt, at)) replayed += 1
    }
    seen.set(uri, { next, from: at - ON_ITS_WAY_MS })
  }
  return { replayed, needless }
}

const changedBetween = (changes: readonly Change[], from: number, to: number): boolean =>
  changes.some(({ time }) => time >= from && time <= to)

/** Of sorted values; 0 of none. */
export const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
