import { setTimeout as pause } from 'node:timers/promises'
import { keepMonths, type RetentionDeps } from './retention.ts'

export interface Keeper {
  close(): Promise<void>
}

const EVERY_MS = 3_600_000

/** Keeps the months, at once and every hour. */
export function startKeeper(deps: RetentionDeps): Keeper {
  const ended = new AbortController()
  const running = (async () => {
    while (!ended.signal.aborted) {
      await keepMonths(deps).catch((error: unknown) => deps.log.warn({ err: error }, 'months are kept later'))
      await pause(EVERY_MS, undefined, { signal: ended.signal }).catch(() => undefined)
    }
  })()
  return {
    async close() {
      ended.abort()
      await running
    },
  }
}
