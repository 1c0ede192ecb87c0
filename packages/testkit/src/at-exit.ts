import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const pending = new Set<() => void>()
let listening = false

/**
 * Runs `release` when this process ends, by itself or by a signal it can hear; the latest registered runs first.
 * @returns forgets it, for when the test has released the thing itself
 */
export function atExit(release: () => void): () => void {
  listen()
  pending.add(release)
  return () => pending.delete(release)
}

function listen(): void {
  if (listening) return
  listening = true
  process.on('exit', releaseAll)
  // By way of `exit`, which others (a browser's driver) wait for as well.
  for (const signal of SIGNALS) process.once(signal, () => process.exit(128 + constants.signals[signal]))
}

function releaseAll(): void {
  for (const release of [...pending].reverse()) {
    pending.delete(release)
    try {
      release()
    } catch (error) {
      // The others must be released too; a process that is ending can only say so.
      console.error('testkit: could not release what a test had opened:', error)
      process.exitCode = 1
    }
  }
}
