/** How a piece of work ended. */
export type Ended<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'failed'; readonly error: unknown }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'gone' }

/**
 * Runs `work` for `ms` at most, or until the client is gone. Its signal fires at either; work that does not heed it is left to itself,
 * and what it comes to later is nobody's. Never rejects.
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
    const left = (): void => {
      controller.abort(gone?.reason)
      end({ kind: 'gone' })
    }
    const timer = setTimeout(() => {
      controller.abort(new DOMException('the deadline of the call has passed', 'TimeoutError'))
      end({ kind: 'timed-out' })
    }, ms)
    if (gone?.aborted === true) return left()
    gone?.addEventListener('abort', left, { once: true })
    new Promise<T>((begin) => begin(work(controller.signal))).then(
      (value) => end({ kind: 'done', value }),
      (error: unknown) => end({ kind: 'failed', error }),
    )
  })
}
