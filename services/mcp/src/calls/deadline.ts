import { Alarm, Alarms } from './alarms.ts'
import type { Leaving } from './leaving.ts'

/** How a piece of work ended. */
export type Ended<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timed-out' }
  /** The client went away and the work gave up because of it: it says so with the reason of its signal. */
  | { readonly kind: 'gone' }

/** Work under a deadline, as the work sees it. */
export interface Running {
  /** Fires at the deadline, and when the client is gone. Made when it is asked for first. */
  readonly signal: AbortSignal
  /** The deadline stands still until the returned function is called: while a person is asked, say. */
  pause(): () => void
}

/**
 * Runs `work` for `ms` at most. Its signal fires then, and when the client is gone; work that does not heed it in time is left to itself,
 * and what it comes to later is nobody's. A client that goes does not end the wait: what the work did has to be known, or whoever hangs up
 * at once would have what it did recorded as not done. Never rejects.
 */
export function withDeadline<T>(
  ms: number,
  gone: Leaving | undefined,
  work: (running: Running) => Promise<T>,
): Promise<Ended<T>> {
  if (gone?.left === true) return Promise.resolve({ kind: 'gone' })
  return new Promise((resolve) => new Deadline(ms, gone, resolve).begin(work))
}

/** By their length in milliseconds, of which a process has few. */
const lines = new Map<number, Alarms>()

function lineOf(ms: number): Alarms {
  let line = lines.get(ms)
  if (line === undefined) {
    line = new Alarms(ms)
    lines.set(ms, line)
  }
  return line
}

class Deadline<T> extends Alarm implements Running {
  readonly #line: Alarms
  readonly #gone: Leaving | undefined
  readonly #resolve: (ended: Ended<T>) => void
  #controller: AbortController | undefined
  /** Why the signal fires, for one that is asked for later. */
  #aborted: { readonly reason: unknown } | undefined
  /** From the first pause on it has a timer of its own. */
  #timer: NodeJS.Timeout | undefined
  #left = 0
  #pauses = 0
  #over = false
  #deaf: (() => void) | undefined

  constructor(ms: number, gone: Leaving | undefined, resolve: (ended: Ended<T>) => void) {
    super()
    this.#line = lineOf(ms)
    this.#gone = gone
    this.#resolve = resolve
  }

  begin(work: (running: Running) => Promise<T>): void {
    this.#line.add(this)
    try {
      // Plain JavaScript may give a value that is no promise.
      Promise.resolve(work(this)).then(
        (value) => this.#end({ kind: 'done', value }),
        (error: unknown) => this.#fail(error),
      )
    } catch (error) {
      this.#fail(error)
    }
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      this.#listen()
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  /** Whoever never asks for the signal is not told of the client's leaving by anything else. */
  #listen(): void {
    const gone = this.#gone
    if (gone === undefined || this.#over || this.#aborted !== undefined) return
    if (gone.left) this.#aborted = { reason: gone.reason }
    else this.#deaf = gone.listen(() => this.#abort(gone.reason))
  }

  pause(): () => void {
    if (this.#pauses === 0 && !this.#over) {
      this.#stop()
      this.#left = this.at - performance.now()
    }
    this.#pauses += 1
    let paused = true
    return () => {
      if (!paused) return
      paused = false
      this.#pauses -= 1
      if (this.#pauses === 0 && !this.#over) this.#run()
    }
  }

  #run(): void {
    this.at = performance.now() + this.#left
    this.#timer = setTimeout(() => this.ring(), Math.max(1, this.#left))
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#line.remove(this)
  }

  ring(): void {
    this.#abort(new DOMException('the deadline of the call has passed', 'TimeoutError'))
    this.#end({ kind: 'timed-out' })
  }

  #abort(reason: unknown): void {
    if (this.#over || this.#aborted !== undefined) return
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }

  #fail(error: unknown): void {
    const left = this.#gone?.left === true && isBecauseOf(error, this.#gone.reason)
    this.#end(left ? { kind: 'gone' } : { kind: 'failed', error })
  }

  #end(ended: Ended<T>): void {
    if (this.#over) return
    this.#over = true
    this.#stop()
    this.#deaf?.()
    this.#resolve(ended)
  }
}

/** Node's own functions do not throw the reason of a signal, but an AbortError whose cause it is. */
const isBecauseOf = (error: unknown, reason: unknown): boolean =>
  error === reason || (error instanceof Error && error.name === 'AbortError' && error.cause === reason)
