/** Tells when the client of a call has gone, or has cancelled it. Lighter than an `AbortSignal`, which most calls never need. */
export interface Leaving {
  readonly left: boolean
  /** Why; what the call's signal is aborted with. */
  readonly reason: unknown
  /** Calls `heard` once, at most; never when it has left before. Gives what takes the listener away. */
  listen(heard: () => void): () => void
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
  leave(reason: unknown = new DOMException('the client went away', 'AbortError')): void {
    if (this.#left) return
    this.#left = true
    this.#reason = reason
    const listeners = this.#heard ?? []
    this.#heard = undefined
    for (const heard of listeners) heard()
  }
}
