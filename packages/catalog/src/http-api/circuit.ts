import type { Clock } from '@gatehouse/contracts'

/** How a request ended for whom it asked; `unsaid`: nothing was learned of it. */
export type Health = 'well' | 'ill' | 'unsaid'

/** Keeps requests from somebody who does not answer, so that callers learn it at once and the API can recover. */
export interface Circuit {
  /** What the request's end is told to, once; `undefined`: do not ask now. */
  enter(): ((health: Health) => void) | undefined
}

export interface CircuitOptions {
  readonly clock: Clock
  /** So many requests in a row that end `ill` open it. */
  readonly failures: number
  /** Milliseconds that it stays open; then one request at a time may try, and one that ends `well` closes it. */
  readonly restMs: number
}

export function createCircuit({ clock, failures, restMs }: CircuitOptions): Circuit {
  let inARow = 0
  let openUntil = 0
  let trying = false
  return {
    enter() {
      const trial = inARow >= failures
      if (trial && (trying || clock.now() < openUntil)) return undefined
      if (trial) trying = true
      let told = false
      return (health) => {
        if (told) return
        told = true
        if (trial) trying = false
        if (health === 'well') inARow = 0
        if (health !== 'ill') return
        inARow += 1
        if (inARow >= failures) openUntil = clock.now() + restMs
      }
    },
  }
}
