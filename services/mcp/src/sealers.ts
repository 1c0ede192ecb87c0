import type { Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import { createKeyring, createSealer, type Keyring, keepRotated, makeSecretKey, type Sealer } from '@gatehouse/keyring'
import type { Logger } from '@gatehouse/telemetry'

/** What this service hands out sealed, a ring for each, so that each is rotated by itself. */
export const RINGS = ['session', 'state', 'cursor'] as const
export type RingName = (typeof RINGS)[number]

export type Sealers = Readonly<Record<RingName, Sealer>>

export interface RingDeps {
  readonly db: Database
  readonly secret: Secret
  readonly clock: Clock
  readonly log: Logger
}

/** The rings in the service's own schema, shared by all nodes. */
export function openKeyrings(deps: RingDeps): Readonly<Record<RingName, Keyring>> {
  const ringOf = (ring: RingName) => createKeyring({ ...deps, ring, make: makeSecretKey, schema: 'mcp' })
  return { session: ringOf('session'), state: ringOf('state'), cursor: ringOf('cursor') }
}

/** Sealers over them, and the schedule by which they rotate. */
export async function openSealers(deps: RingDeps): Promise<{ readonly sealers: Sealers; close(): Promise<void> }> {
  const { clock, log } = deps
  const rings = openKeyrings(deps)
  const opened = await sealersOf(rings, { clock, log })
  const ended = new AbortController()
  const rotating = keepRotated(Object.values(rings), log, ended.signal)
  return {
    sealers: opened.sealers,
    async close() {
      ended.abort()
      opened.close()
      await rotating
    },
  }
}

/** Sealers over rings that are there. */
export async function sealersOf(
  rings: Readonly<Record<RingName, Keyring>>,
  options: { readonly clock: Clock; readonly log: Logger },
): Promise<{ readonly sealers: Sealers; close(): void }> {
  const opened = await Promise.all(RINGS.map(async (name) => [name, await createSealer(rings[name], options)] as const))
  return {
    sealers: Object.fromEntries(opened) as Record<RingName, Sealer>,
    close() {
      for (const [, sealer] of opened) sealer.close()
    },
  }
}
