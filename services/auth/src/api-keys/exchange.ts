import type { Clock } from '@gatehouse/contracts'
import type { Database, Tx } from '@gatehouse/database'
import { sha256 } from '../secrets.ts'
import { key_get_by_hash, key_touch, type Made } from './api-keys.store.ts'

/** What a key proves, as JSON; times in seconds since the epoch. */
export interface KeyFacts {
  readonly tenant: string
  /** Id of the key: names it in revocations, limits and the audit log. */
  readonly keyId: string
  readonly scopes: readonly string[]
  readonly issuedAt: number
  /** Which version of the key this is; its scopes can be changed. */
  readonly version: number
  /** `project`: for the company's own interfaces alone. */
  readonly kind: 'organisation' | 'project'
  readonly project?: string
  /** Who made it, with the roles that the person has in the tenant now. Absent: an operator. */
  readonly maker?: { readonly person: string; readonly roles: readonly string[] }
  /** Absent: the key does not expire. */
  readonly expiresAt?: number
}

/** `undefined` for a credential that is not, or no longer, good. @throws DatabaseUnavailable */
export type ExchangeCredential = (credential: string) => Promise<KeyFacts | undefined>

const TOUCH_MS = 60_000

export function createExchange({ db, clock }: { readonly db: Database; readonly clock: Clock }): ExchangeCredential {
  return (credential) => {
    const now = new Date(clock.now())
    return db.asPlatform('key exchange', async (tx) => {
      const key = await key_get_by_hash(tx, sha256(credential), now)
      if (key === undefined) return undefined
      await touchKey(tx, key, now)
      return {
        tenant: key.tenantId,
        keyId: key.id,
        scopes: key.scopes,
        issuedAt: Math.floor(key.createdAt.getTime() / 1_000),
        version: key.version,
        kind: key.kind,
        ...(key.project === null ? {} : { project: key.project }),
        ...(key.maker === null ? {} : { maker: { person: key.maker, roles: rolesOf(key) } }),
        ...(key.expiresAt === null ? {} : { expiresAt: Math.floor(key.expiresAt.getTime() / 1_000) }),
      }
    })
  }
}

/** Notes the use of a key, to the minute. */
export async function touchKey(
  tx: Tx,
  key: { readonly id: string; readonly usedAt: Date | null },
  now: Date,
): Promise<void> {
  if (now.getTime() - (key.usedAt?.getTime() ?? 0) > TOUCH_MS) await key_touch(tx, key.id, now)
}

/** Of the person who made a key: what the product's own interfaces may hold against it. */
export const rolesOf = ({ makerRole }: Pick<Made, 'makerRole'>): readonly string[] =>
  makerRole === null ? [] : [makerRole]
