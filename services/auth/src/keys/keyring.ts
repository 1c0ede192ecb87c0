import { randomBytes } from 'node:crypto'
import type { Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { JWK } from 'jose'
import { deriveKey } from './derive.ts'
import { type RingRow, ring_insert, ring_list, ring_lock } from './keys.store.ts'
import { seal, unseal } from './seal.ts'

/** How a ring makes a key: `secret` is encrypted at rest, `publicJwk` is published. */
export type MakeKey = () => Promise<{ readonly secret: Uint8Array; readonly publicJwk: JWK | null }>

export interface RingKey {
  readonly id: string
  readonly secret: Uint8Array
  readonly publicJwk: JWK | null
  /** From when it may be used. */
  readonly activeAt: Date
}

/** The keys for one purpose, by age; several nodes share them through the database. */
export interface Keyring {
  /** All that are not retired; the first is made when there is none. @throws DatabaseUnavailable, WrongMasterSecret */
  keys(): Promise<readonly RingKey[]>
  /** The key to use now. */
  active(): Promise<RingKey>
}

/** How long a node goes on with what it read. A new key is published longer than this before it is used. */
const FRESH_MS = 30_000

export function createKeyring(options: {
  readonly ring: string
  readonly make: MakeKey
  readonly db: Database
  readonly clock: Clock
  readonly secret: Secret
}): Keyring {
  const { ring, make, db, clock } = options
  const master = deriveKey(options.secret, 'keyring')
  const about = (id: string) => `${ring}:${id}`
  let known: { readonly keys: Promise<readonly RingKey[]>; readonly until: number } | undefined

  const open = (row: RingRow): RingKey => ({ ...row, secret: unseal(master, about(row.id), row.sealed) })

  const makeFirst = async (): Promise<RingRow[]> => {
    const { secret, publicJwk } = await make()
    const id = randomBytes(9).toString('base64url')
    return db.asPlatform('keyring', async (tx) => {
      await ring_lock(tx, ring)
      const now = new Date(clock.now())
      const found = await ring_list(tx, ring, now)
      if (found.length > 0) return found
      const row = { id, publicJwk, sealed: seal(master, about(id), secret), activeAt: now }
      await ring_insert(tx, ring, row, now)
      return [row]
    })
  }

  const read = async (): Promise<readonly RingKey[]> => {
    const found = await db.asPlatform('keyring', (tx) => ring_list(tx, ring, new Date(clock.now())))
    return (found.length > 0 ? found : await makeFirst()).map(open)
  }

  const keys = (): Promise<readonly RingKey[]> => {
    const now = clock.now()
    if (known === undefined || known.until <= now || known.until > now + FRESH_MS) {
      const reading = { keys: read(), until: now + FRESH_MS }
      known = reading
      reading.keys.catch(() => {
        if (known === reading) known = undefined
      })
    }
    return known.keys
  }

  return {
    keys,
    async active() {
      const now = clock.now()
      const all = await keys()
      const active = all.filter((key) => key.activeAt.getTime() <= now).at(-1) ?? all[0]
      if (active === undefined) throw new Error(`ring ${ring} is empty`)
      return active
    },
  }
}
