import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Outbound } from '@gatehouse/outbound'
import type { Logger } from '@gatehouse/telemetry'
import type { JSONWebKeySet } from 'jose'
import type { Limiter } from '../../http/limiter.ts'
import type { Client } from '../clients.store.ts'
import { freshUntil, KEY_BOUNDS, stateOf } from '../freshness.ts'
import { judgeJwks } from './judge-jwks.ts'
import { client_keys_get, client_keys_put, type KeyCopy } from './keys.store.ts'

export interface ClientKeys {
  /**
   * The public keys of a client. Keys that it keeps elsewhere are fetched when our copy is not fresh, or lacks `kid` and is older than
   * half a minute: then the client may have changed them.
   * @returns `undefined` when there are none to be had
   */
  of(client: Client, kid: string | undefined): Promise<JSONWebKeySet | undefined>
}

const MAX_BYTES = 64 * 1024
/** Between two fetches for the sake of unknown key ids, which anybody can make up. */
const UNKNOWN_KID_MS = 30_000
/** Failed fetches are not kept, so this stops somebody from having us ask on and on. */
const PER_HOST = { limit: 60, windowMs: 60_000 }

export function createClientKeys(deps: {
  readonly db: Database
  readonly clock: Clock
  readonly log: Logger
  readonly limiter: Limiter
  readonly outbound: Outbound
}): ClientKeys {
  const { db, clock, log, limiter, outbound } = deps
  const flights = new Map<string, Promise<JSONWebKeySet | undefined>>()

  const copyOf = (uri: string) => db.asPlatform('client keys', (tx) => client_keys_get(tx, uri))

  /** @param seen when the copy that did not do was fetched: a flight that ended since may have brought a newer one */
  const ask = async (uri: string, seen: Date | undefined): Promise<JSONWebKeySet | undefined> => {
    const latest = await copyOf(uri)
    if (latest !== undefined && latest.fetchedAt.getTime() > (seen?.getTime() ?? 0)) return latest.jwks
    if ((await limiter.count(`keys:${new URL(uri).hostname}`, PER_HOST)) !== undefined) return undefined
    const fetched = await outbound.getJson(uri, { maxBytes: MAX_BYTES })
    const jwks = fetched.ok ? judgeJwks(fetched.value) : undefined
    if (!fetched.ok || jwks === undefined) {
      log.warn({ uri, fault: fetched.ok ? 'no usable key' : fetched.fault }, 'keys of a client could not be fetched')
      return undefined
    }
    const now = new Date(clock.now())
    const copy: KeyCopy = { jwks, fetchedAt: now, freshUntil: freshUntil(now, fetched.cacheSeconds, KEY_BOUNDS) }
    await db.asPlatform('client keys', (tx) => client_keys_put(tx, uri, copy))
    return jwks
  }

  return {
    async of({ jwks, jwksUri: uri }, kid) {
      if (jwks !== null || uri === null) return jwks ?? undefined
      const now = new Date(clock.now())
      const copy = await copyOf(uri)
      const state = stateOf(copy, now, KEY_BOUNDS)
      if (copy !== undefined && state === 'fresh') {
        const known = kid === undefined || copy.jwks.keys.some((key) => key.kid === kid)
        if (known || now.getTime() - copy.fetchedAt.getTime() < UNKNOWN_KID_MS) return copy.jwks
      }
      const flight = flights.get(uri) ?? ask(uri, copy?.fetchedAt).finally(() => flights.delete(uri))
      flights.set(uri, flight)
      return (await flight) ?? (state === 'expired' ? undefined : copy?.jwks)
    },
  }
}
