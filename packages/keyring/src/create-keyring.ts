import { randomBytes } from 'node:crypto'
import type { Secret } from '@gatehouse/config'
import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import { deriveKey } from './derive.ts'
import { decrypt, encrypt } from './encrypt.ts'
import { activeOf, DEFAULT_TIMES, judgeRotation, livingOf, type RingTimes } from './judge-ring.ts'
import type { Keyring, MakeKey, RingKey, RotateOptions } from './keyring.ts'
import {
  type RingRow,
  type RingSchema,
  ring_activate,
  ring_insert,
  ring_list,
  ring_lock,
  ring_retire_others,
  tableOf,
} from './ring-keys.store.ts'

export interface KeyringOptions {
  /** What the keys are for; part of what binds an encrypted key to its place. */
  readonly ring: string
  readonly make: MakeKey
  readonly db: Database
  /** In whose table `ring_keys` they lie. */
  readonly schema: RingSchema
  readonly clock: Clock
  /** The operator's secret, from which the key is derived that encrypts this one. */
  readonly secret: Secret
  /** What is not said is as in `DEFAULT_TIMES`. */
  readonly times?: Partial<RingTimes>
  /** In the transaction that brings a key after the first. */
  readonly rotated?: (tx: Tx, key: Pick<RingKey, 'id' | 'activeAt'>, options: RotateOptions) => Promise<void>
  readonly log?: Logger
}

type Material = Awaited<ReturnType<MakeKey>>

/** How long a node goes on with what it read. `publishMs` of every ring is longer. */
export const FRESH_MS = 30_000
/** How long it goes on when the database is away. Public keys are served all that time. */
const STALE_MS = 60 * 60_000

/** Keys in the database, encrypted; several nodes share them. */
export function createKeyring(options: KeyringOptions): Keyring {
  const { ring, make, db, schema, clock, log } = options
  const times = { ...DEFAULT_TIMES, ...options.times }
  if (times.publishMs <= 2 * FRESH_MS) throw new TypeError(`ring ${ring}: a key must be published longer than that`)
  const table = tableOf(schema)
  const master = deriveKey(options.secret, 'keyring')
  const about = (id: string) => `${ring}:${id}`
  let known: { readonly keys: readonly RingKey[]; readonly readAt: number } | undefined
  let reading: Promise<readonly RingKey[]> | undefined

  const open = ({ sealed, ...row }: RingRow): RingKey => ({ ...row, secret: decrypt(master, about(row.id), sealed) })

  const insert = async (tx: Tx, material: Material, activeAt: Date): Promise<RingRow> => {
    const id = randomBytes(9).toString('base64url')
    const row = {
      id,
      publicJwk: material.publicJwk,
      sealed: encrypt(master, about(id), material.secret),
      createdAt: new Date(clock.now()),
      activeAt,
      retiringAt: null,
    }
    await ring_insert(tx, table, ring, row)
    return row
  }

  const makeFirst = async (): Promise<RingRow[]> => {
    const material = await make()
    return db.asPlatform('keyring', async (tx) => {
      await ring_lock(tx, schema, ring)
      const now = new Date(clock.now())
      const found = await ring_list(tx, table, ring, now)
      return found.length > 0 ? found : [await insert(tx, material, now)]
    })
  }

  const read = async (): Promise<readonly RingKey[]> => {
    const readAt = clock.now()
    const found = await db.asPlatform('keyring', (tx) => ring_list(tx, table, ring, new Date(readAt)))
    const keys = (found.length > 0 ? found : await makeFirst()).map(open)
    known = { keys, readAt }
    return keys
  }

  /** One reading at a time; who comes while it lasts shares it. */
  const shared = (): Promise<readonly RingKey[]> => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }

  const recent = (limitMs: number) => {
    const age = clock.now() - (known?.readAt ?? Number.NEGATIVE_INFINITY)
    return age >= 0 && age < limitMs ? livingOf(known?.keys ?? [], clock.now()) : []
  }

  const keys = async (): Promise<readonly RingKey[]> => {
    const fresh = recent(FRESH_MS)
    if (fresh.length > 0) return fresh
    try {
      return livingOf(await shared(), clock.now())
    } catch (error) {
      const stale = recent(STALE_MS)
      if (stale.length === 0) throw error
      log?.warn({ err: error, ring }, 'the keys cannot be read; those that are known are used')
      return stale
    }
  }

  const refresh = async (): Promise<readonly RingKey[]> => {
    // A reading that began before this call may have missed what the caller knows of.
    await reading?.catch(() => undefined)
    return livingOf(await shared(), clock.now())
  }

  /** @returns the id of the newest key */
  const rotated = (how: RotateOptions, material: Material | undefined): Promise<string> =>
    db.asPlatform('keyring', async (tx) => {
      await ring_lock(tx, schema, ring)
      const now = clock.now()
      const verdict = judgeRotation(await ring_list(tx, table, ring, new Date(now)), now, times, how)
      if (verdict.kind === 'nothing') return verdict.newest
      const key = verdict.kind === 'make' ? await insert(tx, material ?? (await make()), verdict.activeAt) : verdict
      if (verdict.kind === 'activate') await ring_activate(tx, table, ring, key.id, key.activeAt)
      if (verdict.keepOthersUntil !== null) await ring_retire_others(tx, table, ring, key.id, verdict.keepOthersUntil)
      await options.rotated?.(tx, key, how)
      return key.id
    })

  return {
    name: ring,
    keys,
    refresh,
    async active() {
      const active = activeOf(await keys(), clock.now())
      if (active === undefined) throw new Error(`ring ${ring} is empty`)
      return active
    },
    async rotate(how = {}) {
      const before = await keys()
      // Outside of the lock: making a key takes long, and every node asks every minute whether it is due.
      const expected = judgeRotation(before, clock.now(), times, how)
      const idle = expected.kind === 'nothing' && how.when === 'due'
      const newest = idle ? expected.newest : await rotated(how, expected.kind === 'make' ? await make() : undefined)
      const found = (idle ? before : await refresh()).find(({ id }) => id === newest)
      if (found === undefined) throw new Error(`ring ${ring} lost the key that it was given`)
      return found
    },
  }
}
