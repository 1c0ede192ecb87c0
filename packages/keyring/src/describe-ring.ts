import { activeOf } from './judge-ring.ts'
import type { ListedRing } from './keyring.ts'

/** What an operator sees of a key. Times in ISO 8601. */
export interface KeyDescription {
  /** The `kid`. */
  readonly id: string
  /** Known and not in use yet; in use; no longer in use. */
  readonly state: 'published' | 'active' | 'kept'
  readonly createdAt: string
  readonly activeAt: string
  /** From when it is not known any more; absent while nothing says so. */
  readonly retiringAt?: string
}

export interface RingDescription {
  readonly ring: string
  readonly keys: KeyDescription[]
}

/** A ring as it is at this moment, by ids and times; secrets are not among them. */
export async function describeRing(ring: ListedRing, now: number): Promise<RingDescription> {
  const keys = await ring.refresh()
  const active = activeOf(keys, now)?.id
  return {
    ring: ring.name,
    keys: keys.map(({ id, createdAt, activeAt, retiringAt }) => ({
      id,
      state: id === active ? 'active' : activeAt.getTime() > now ? 'published' : 'kept',
      createdAt: createdAt.toISOString(),
      activeAt: activeAt.toISOString(),
      ...(retiringAt === null ? {} : { retiringAt: retiringAt.toISOString() }),
    })),
  }
}
