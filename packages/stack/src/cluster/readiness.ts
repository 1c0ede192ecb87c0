/** Which of several nodes say that they are ready, asked over and over, as a balancer does. */
export interface Readiness {
  readonly ready: readonly string[]
  /** Said that it leaves, and nothing else since. */
  leaves(url: string): boolean
  stop(): void
}

const EVERY_MS = 100
/** One question at a time: a node that is slow to answer is believed late rather than asked again for nothing. */
const WITHIN_MS = 10_000

/**
 * A node that says no is left out until it says yes; one that says nothing stays what it was, so that what a node that died does to a request is
 * seen. While none says yes all are tried.
 */
export function watchReadiness(urls: () => readonly string[]): Readiness {
  const leaving = new Set<string>()
  const asking = new Set<string>()
  const ask = async (url: string): Promise<void> => {
    if (asking.has(url)) return
    asking.add(url)
    try {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(WITHIN_MS) })
      const text = await answer.text()
      if (answer.status === 503 && text.includes('"staying"')) leaving.add(url)
      else if (answer.status === 200) leaving.delete(url)
    } catch {
      // Nothing was said.
    } finally {
      asking.delete(url)
    }
  }
  const timer = setInterval(() => {
    for (const url of urls()) void ask(url)
  }, EVERY_MS)
  timer.unref()
  return {
    get ready() {
      const all = urls()
      const good = all.filter((url) => !leaving.has(url))
      return good.length === 0 ? all : good
    },
    leaves: (url) => leaving.has(url),
    stop: () => clearInterval(timer),
  }
}
