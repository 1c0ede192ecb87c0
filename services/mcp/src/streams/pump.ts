/** Work that waits for its turn, each piece once. */
export interface Pump<W> {
  add(work: W): void
  drop(work: W): void
}

/** Milliseconds that one turn of the loop is given to streams. What is waiting then is answered in between. */
export const TURN_MS = 4
/** Reading the clock costs as much as little work. */
const BETWEEN_LOOKS = 16

type Now = () => number
const monotonic: Now = () => performance.now()

/**
 * Does what was added, for `TURN_MS` in one turn of the loop; the rest waits for the next, so that requests are answered in between however
 * much there is to do. What is added again while it waits is done once.
 */
export function createPump<W>(act: (work: W) => void, now: Now = monotonic): Pump<W> {
  const waiting = new Set<W>()
  let scheduled = false
  const turn = (): void => {
    takeSlice(
      waiting,
      (work) => {
        waiting.delete(work)
        act(work)
      },
      now,
      waiting.size,
    )
    scheduled = waiting.size > 0
    if (scheduled) setImmediate(turn)
  }
  return {
    add(work) {
      waiting.add(work)
      if (scheduled) return
      scheduled = true
      setImmediate(turn)
    },
    drop: (work) => {
      waiting.delete(work)
    },
  }
}

/**
 * Looks at all of a collection in slices of `TURN_MS`, the first one at once. Asked for again meanwhile, it begins anew after the end, so that
 * whatever was asked for last has seen every member.
 */
export function createSweep<W>(all: Iterable<W>, look: (member: W) => void, now: Now = monotonic): () => void {
  let running = false
  let again = false
  const go = (members: Iterator<W>): void => {
    const rest = { [Symbol.iterator]: () => members }
    if (!takeSlice(rest, look, now)) {
      setImmediate(() => go(members))
      return
    }
    running = again
    again = false
    if (running) setImmediate(() => go(all[Symbol.iterator]()))
  }
  return () => {
    if (running) {
      again = true
      return
    }
    running = true
    go(all[Symbol.iterator]())
  }
}

/** @returns whether nothing is left; `most` pieces are done at most, so that work which adds work comes to its end */
function takeSlice<W>(from: Iterable<W>, act: (work: W) => void, now: Now, most = Number.POSITIVE_INFINITY): boolean {
  const ends = now() + TURN_MS
  const members = from[Symbol.iterator]()
  for (let done = 0; done < most; done += 1) {
    // By hand: a loop that is left would close an iterator that goes on in the next turn.
    if (done > 0 && done % BETWEEN_LOOKS === 0 && now() >= ends) return false
    const next = members.next()
    if (next.done === true) return true
    act(next.value)
  }
  return true
}
