/**
 * Does work with a signal that fires with `outer`, or after so many milliseconds (`TimeoutError`). Not `AbortSignal.any` of an
 * `AbortSignal.timeout`: Node 20 may collect the two as garbage while they are waited for, and then neither ever fires.
 * @throws what `work` throws
 */
export async function limitedTo<T>(
  ms: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const leave = (): void => controller.abort(outer?.reason)
  const timer = setTimeout(() => controller.abort(new DOMException('no answer in time', 'TimeoutError')), ms)
  outer?.addEventListener('abort', leave)
  if (outer?.aborted) leave()
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', leave)
  }
}
