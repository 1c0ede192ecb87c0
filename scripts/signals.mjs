const SAME_MS = 1_000
const PARENT_MS = 500

/**
 * A terminal's Ctrl-C reaches this process twice: from the terminal, and handed on by npm. Whoever listens with `once` would be
 * ended by the second in the middle of an orderly end. A repetition within a second is the same wish; a later one that nobody
 * listens to any more ends at once, as it would without this.
 */
export function guardSignals() {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    let first = Number.NEGATIVE_INFINITY
    const guard = () => {
      const now = performance.now()
      if (process.listenerCount(signal) > 1) {
        first = now
        return
      }
      if (now - first < SAME_MS) return
      process.off(signal, guard)
      process.kill(process.pid, signal)
    }
    process.prependListener(signal, guard)
  }
}

/** npm cannot hand on the signal that kills it. What runs below it then ends as if it had been asked to. */
export function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  const watch = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, PARENT_MS)
  watch.unref()
}
