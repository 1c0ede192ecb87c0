import type { ServerResponse } from 'node:http'

/** Tells when the client of a call has gone, or has cancelled it. Lighter than an `AbortSignal`, which most calls never need. */
export interface Leaving {
  readonly left: boolean
  /** Why; what the call's signal is aborted with. */
  readonly reason: unknown
  /** Calls `heard` once, at most; never when it has left before. Gives what takes the listener away. */
  listen(heard: () => void): () => void
}

/** What a signal is aborted with, and what an error is held against. */
const gone = (): DOMException => new DOMException('the client went away', 'AbortError')

/** The client of one answer, asked only when somebody wants to know: most calls end before their client has a reason to go. */
export class AnswerLeaving implements Leaving {
  readonly #response: Pick<ServerResponse, 'destroyed' | 'writableFinished' | 'once' | 'off'>
  #reason: unknown

  constructor(response: Pick<ServerResponse, 'destroyed' | 'writableFinished' | 'once' | 'off'>) {
    this.#response = response
  }

  get left(): boolean {
    return this.#response.destroyed && !this.#response.writableFinished
  }

  get reason(): unknown {
    this.#reason ??= gone()
    return this.#reason
  }

  listen(heard: () => void): () => void {
    const closed = (): void => {
      if (this.left) heard()
    }
    this.#response.once('close', closed)
    return () => this.#response.off('close', closed)
  }
}

export class ClientLeaving implements Leaving {
  #reason: unknown
  #left = false
  #heard: (() => void)[] | undefined

  get left(): boolean {
    return this.#left
  }

  get reason(): unknown {
    return this.#reason
  }

  listen(heard: () => void): () => void {
    this.#heard ??= []
    const listeners = this.#heard
    listeners.push(heard)
    return () => {
      const at = listeners.indexOf(heard)
      if (at !== -1) listeners.splice(at, 1)
    }
  }

  /** Repeats do nothing. */
  leave(reason: unknown = gone()): void {
    if (this.#left) return
    this.#left = true
    this.#reason = reason
    const listeners = this.#heard ?? []
    this.#heard = undefined
    for (const heard of listeners) heard()
  }
}
