import { randomBytes } from 'node:crypto'
import { type Clock, systemClock } from '@gatehouse/contracts'
import { activeOf, livingOf } from '../judge-ring.ts'
import type { Keyring, MakeKey, RingKey } from '../keyring.ts'
import { makeSecretKey } from '../secret-key.ts'

export interface FixedKeyringOptions {
  readonly name?: string
  /** Default: one secret key, made at first use. */
  readonly keys?: readonly RingKey[]
  readonly make?: MakeKey
  readonly clock?: Clock
}

/** A ring in memory, without a database. It rotates at once; two nodes share it by sharing the object. */
export function fixedKeyring(options: FixedKeyringOptions = {}): Keyring {
  const { name = 'fixed', make = makeSecretKey, clock = systemClock } = options
  let all: Promise<readonly RingKey[]> | undefined
  const madeNow = async (): Promise<RingKey> => {
    const now = new Date(clock.now())
    return {
      id: randomBytes(9).toString('base64url'),
      ...(await make()),
      createdAt: now,
      activeAt: now,
      retiringAt: null,
    }
  }
  const list = () => {
    all ??= options.keys === undefined ? madeNow().then((key) => [key]) : Promise.resolve(options.keys)
    return all
  }
  const keys = async () => livingOf(await list(), clock.now())
  return {
    name,
    keys,
    refresh: keys,
    async active() {
      const active = activeOf(await keys(), clock.now())
      if (active === undefined) throw new Error(`ring ${name} is empty`)
      return active
    },
    async rotate({ when = 'planned', retireOthers = false } = {}) {
      const before = await list()
      const newest = before.at(-1)
      if (when === 'due' && newest !== undefined) return newest
      const key = await madeNow()
      const at = new Date(clock.now())
      all = Promise.resolve([...(retireOthers ? before.map((one) => ({ ...one, retiringAt: at })) : before), key])
      return key
    },
  }
}
