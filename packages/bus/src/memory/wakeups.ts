/** Tells the readers of a stream that there may be something new. A wake-up between a look and the wait is not lost. */
export class Wakeups {
  readonly #rounds = new Map<string, number>()
  readonly #waiting = new Map<string, Set<() => void>>()

  wake(stream: string): void {
    this.#rounds.set(stream, this.round(stream) + 1)
    const waiting = this.#waiting.get(stream)
    this.#waiting.delete(stream)
    for (const resolve of waiting ?? []) resolve()
  }

  /** Taken before a look, and given to `after`. */
  round(stream: string): number {
    return this.#rounds.get(stream) ?? 0
  }

  /** Resolves when the stream was woken since `round`, at the latest after `withinMs`, or when `signal` says so. */
  async after(stream: string, round: number, withinMs: number, signal: AbortSignal): Promise<void> {
    if (this.round(stream) !== round || signal.aborted) return
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(stream) ?? new Set()
      this.#waiting.set(stream, waiting)
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      waiting.add(done)
      signal.addEventListener('abort', done, { once: true })
    })
  }
}
