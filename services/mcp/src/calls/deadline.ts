/** How a piece of work ended. */
export type Ended<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timed-out' }
  /** The client went away and the work gave up because of it: it says so with the reason of its signal. */
  | { readonly kind: 'gone' }

/**
 * Runs `work` for `ms` at most. Its signal fires then, and when the client is gone; work that does not heed it in time is left to itself,
 * and what it comes to later is nobody's. A client that goes does not end the wait: what the work did has to be known, or whoever hangs up
 * at once would have what it did recorded as not done. Never rejects.
 */
export function withDeadline<T>(
  ms: number,
  gone: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Ended<T>> {
  return new Promise((resolve) => {
    const controller = new AbortController()
    const end = (ended: Ended<T>): void => {
      clearTimeout(timer)
      gone?.removeEventListener('abort', left)
      resolve(ended)
    }
    const left = (): void => controller.abort(gone?.reason)
    const timer = setTimeout(() => {
      controller.abort(new DOMException('the deadline of the call has passed', 'TimeoutError'))
      end({ kind: 'timed-out' })
    }, ms)
    if (gone?.aborted === true) return end({ kind: 'gone' })
    gone?.addEventListener('abort', left, { once: true })
    new Promise<T>((begin) => begin(work(controller.signal))).then(
      (value) => end({ kind: 'done', value }),
      (error: unknown) =>
        end(gone?.aborted === true && error === gone.reason ? { kind: 'gone' } : { kind: 'failed', error }),
    )
  })
}
