import type { Clock } from '@gatehouse/contracts'
import type { Database } from '@gatehouse/database'
import type { Logger } from '@gatehouse/telemetry'
import { identities_forget_unused } from '../identities/identities.store.ts'
import type { HeadSigner } from '../seal/rings.ts'
import { retention_lock, segments_list } from '../seal/seal.store.ts'
import { signTenant } from '../seal/seal.ts'
import { due_months, month_add, month_drop, segment_tenants } from './retention.store.ts'

export interface RetentionDeps {
  readonly database: Database
  readonly signer: HeadSigner
  readonly clock: Clock
  readonly log: Logger
}

const PURPOSE = 'audit: retention'
const CLASSES = ['security', 'standard'] as const
/** Months that get a partition before their first event: this one and two more. */
const AHEAD = 3

/**
 * Brings the partitions of the coming months and drops months whose time is over: rows, and who their persons were. That they existed,
 * and the hash of the chain over them, stays in the segments and is signed in the same transaction. @returns what was dropped
 */
export async function keepMonths(deps: RetentionDeps): Promise<readonly { class: string; month: string }[]> {
  const { database, signer, clock, log } = deps
  const now = new Date(clock.now())
  for (const kind of CLASSES)
    for (let ahead = 0; ahead < AHEAD; ahead += 1) {
      const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + ahead, 1))
      await database.asPlatform(PURPOSE, (tx) => month_add(tx, kind, month.toISOString().slice(0, 7)))
    }
  const due = await database.asPlatform(PURPOSE, due_months)
  for (const of of due) {
    const sign = await signer.prepare()
    await database.asPlatform(PURPOSE, async (tx) => {
      await retention_lock(tx)
      for (const tenant of await segment_tenants(tx, of)) {
        const segments = await segments_list(tx, tenant)
        const changed = segments
          .filter((segment) => segment.class === of.class && segment.month === of.month)
          .map((segment) => ({ ...segment, droppedThrough: segment.count, droppedHash: segment.hash }))
        await signTenant(tx, { tenant, changed, sign, clock })
      }
      await month_drop(tx, of)
      await identities_forget_unused(tx)
    })
    log.info(of, 'audit events whose time is over were dropped')
  }
  return due
}
