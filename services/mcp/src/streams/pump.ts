/** Work that waits for its turn, each piece once. */
export interface Pump<W> {
  add(work: W): void
  drop(work: W): void
}

/**
 * Does what was added, `chunk` pieces in one turn of the loop; the rest waits for the next, so that requests are answered in between.
 * What is added again while it waits is done once.
 */
export function createPump<W>(chunk: number, act: (work: W) => void): Pump<W> {
  const waiting = new Set<W>()
  let scheduled = false
  const turn = (): void => {
    let left = chunk
    for (const work of waiting) {
      if (left === 0) break
      left -= 1
      waiting.delete(work)
      act(work)
    }
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
