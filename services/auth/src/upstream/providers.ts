import type { Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import { decrypt, deriveKey, encrypt } from '@gatehouse/keyring'
import type { Proof, Provider } from './provider.ts'
import { provider_list, provider_upsert } from './providers.store.ts'

/** The providers of this installation: those of its configuration, which win, and those that the operator added while it runs. */
export interface Providers {
  /** @throws DatabaseUnavailable */
  list(): Promise<readonly Provider[]>
  find(id: string): Promise<Provider | undefined>
  /** Adds it, or replaces the one of that id. @returns whether it could: id and issuer must not be another's */
  keep(tx: Tx, provider: Provider, now: Date): Promise<boolean>
  /** Whether it stands in the configuration, where alone it can be changed. */
  isConfigured(id: string): boolean
  /** After a change: the next look reads anew. */
  forget(): void
}

/** How long a change that was made elsewhere may be unknown here. */
const FRESH_MS = 5_000

export function createProviders(options: {
  readonly configured: readonly Provider[]
  readonly db: Database
  readonly clock: Clock
  readonly secret: Secret
}): Providers {
  const { configured, db, clock } = options
  const key = deriveKey(options.secret, 'upstream-proof')
  const about = (id: string) => `upstream:${id}`
  let known: { readonly all: Promise<readonly Provider[]>; readonly readAt: number } | undefined

  const read = async (): Promise<readonly Provider[]> => {
    const rows = await db.asPlatform('upstream', provider_list)
    const added = rows
      .filter(({ id, issuer }) => !configured.some((one) => one.id === id || one.issuer === issuer))
      .map(({ sealed, ...row }): Provider => {
        const proof = JSON.parse(Buffer.from(decrypt(key, about(row.id), sealed)).toString()) as Proof
        return { ...row, proof }
      })
    return [...configured, ...added]
  }
  const list = () => {
    const now = clock.now()
    if (known === undefined || Math.abs(now - known.readAt) >= FRESH_MS) {
      const reading = { all: read(), readAt: now }
      known = reading
      reading.all.catch(() => {
        if (known === reading) known = undefined
      })
    }
    return known.all
  }
  return {
    list,
    find: async (id) => (await list()).find((one) => one.id === id),
    async keep(tx, { proof, ...row }, now) {
      if (configured.some(({ id, issuer }) => id === row.id || issuer === row.issuer)) return false
      const sealed = encrypt(key, about(row.id), Buffer.from(JSON.stringify(proof)))
      return (await provider_upsert(tx, { ...row, sealed }, now)) !== undefined
    },
    isConfigured: (id) => configured.some((one) => one.id === id),
    forget() {
      known = undefined
    },
  }
}
