import type { Clock } from '@gatehouse/contracts'
import type { Logger } from '@gatehouse/telemetry'
import { fetchKeySet } from './fetch-key-set.ts'
import type { KeySet } from './key-set.ts'
import { type JwksSource, JwksUnavailable } from './source.ts'

export interface RemoteJwksOptions {
  readonly fetch: typeof globalThis.fetch
  readonly clock: Clock
  readonly log: Logger
  /** Least time between two fetches. */
  readonly minRefetchMs?: number
  /** How long keys are still used after their time when the issuer does not answer. */
  readonly staleSeconds?: number
}

interface Held {
  readonly set: KeySet
  readonly freshUntil: number
}

/**
 * The keys of an issuer over HTTP: fetched once, kept for the answer's `max-age` (1 to 60 minutes), fetched again for an unknown key
 * id, at most one fetch at a time and one in `minRefetchMs`. When fetching fails, what is held serves `staleSeconds` longer.
 */
export function remoteJwks(url: string, options: RemoteJwksOptions): JwksSource {
  const { clock, log, minRefetchMs = 5_000, staleSeconds = 3_600 } = options
  let held: Held | undefined
  let lastAttempt = Number.NEGATIVE_INFINITY
  let lastFault: unknown
  let running: Promise<void> | undefined

  const attempt = async (): Promise<void> => {
    lastAttempt = clock.now()
    try {
      const { set, maxAgeSeconds } = await fetchKeySet(url, options.fetch)
      held = { set, freshUntil: clock.now() + maxAgeSeconds * 1_000 }
      lastFault = undefined
    } catch (error) {
      lastFault = error
      log.warn({ err: error, url }, 'keys of the issuer could not be fetched')
    }
  }
  const refetch = async (): Promise<void> => {
    if (running === undefined && clock.now() - lastAttempt < minRefetchMs) return
    running ??= attempt().finally(() => {
      running = undefined
    })
    await running
  }

  return {
    async key(kid) {
      const unknown = held?.set.has(kid) !== true
      if (unknown || held === undefined || held.freshUntil <= clock.now()) await refetch()
      if (held === undefined || held.freshUntil + staleSeconds * 1_000 <= clock.now())
        throw new JwksUnavailable(lastFault)
      const key = held.set.get(kid)
      // The issuer may have a newer key than the ones held: without its word the signature cannot be called wrong.
      if (key === undefined && lastFault !== undefined) throw new JwksUnavailable(lastFault)
      return key
    },
  }
}
