import {
  createDigest,
  genesisOf,
  type Head,
  headHash,
  leafOf,
  linkOf,
  monthOf,
  type Segment,
  segmentsDigest,
} from '@gatehouse/audit-proof'
import type { Clock } from '@gatehouse/contracts'
import { type Database, DatabaseUnavailable, type Tx } from '@gatehouse/database'
import { evidenceOf, type StoredRow } from '../stored-event.ts'
import type { HeadSigner } from './rings.ts'
import {
  chain_end,
  chain_put,
  chains_list_all,
  chains_unlisted,
  events_seal,
  head_insert,
  listed_page,
  PLATFORM_CHAIN,
  type Place,
  seal_try_lock,
  segments_list,
  segments_put,
  tenantChain,
  unsealed_list,
  type Waiting,
} from './seal.store.ts'

export interface SealDeps {
  readonly database: Database
  readonly signer: HeadSigner
  readonly clock: Clock
}

const PURPOSE = 'audit: seal'
/** Rows of one round, shared by the tenants that wait; a small machine seals so many in a second or two. */
const ROUND_ROWS = 5_000
/** A turn of fewer rows would mostly be spent on its head. */
const LEAST_ROWS = 50
/** Tenants that a head of the platform names one by one; the digest covers all. */
const MAX_NAMED = 500

export type Sign = (head: Head) => Promise<string>

/** What one round came to. */
export interface Round {
  readonly sealed: number
  /** A tenant had more rows than its share: there is work left. */
  readonly more: boolean
  /** Of each tenant whose rows could not be sealed. */
  readonly faults: readonly unknown[]
}

/** How many rows each tenant may have sealed in a round in which so many wait. */
export const shareOf = (waiting: number): number => Math.max(LEAST_ROWS, Math.floor(ROUND_ROWS / Math.max(1, waiting)))

/**
 * One turn for each tenant that waits, of as many rows as its share is, then the list of all tenants: who has much to seal, or rows that
 * cannot be sealed, holds up nobody else. Any number of processes may do this at once: one at a time has a chain, the others leave it alone.
 * @throws DatabaseUnavailable
 */
export async function sealRound(deps: SealDeps, waiting: readonly Waiting[], signal?: AbortSignal): Promise<Round> {
  const { database, signer, clock } = deps
  const share = shareOf(waiting.length)
  const faults: unknown[] = []
  let [sealed, more] = [0, false]
  for (const { tenant } of waiting) {
    if (signal?.aborted === true) return { sealed, more, faults }
    try {
      const sign = await signer.prepare()
      const rows = await database.asPlatform(PURPOSE, (tx) => sealTenant(tx, { tenant, share, sign, clock }))
      sealed += rows
      more ||= rows === share
    } catch (error) {
      if (error instanceof DatabaseUnavailable) throw error
      faults.push(error)
    }
  }
  await listTenants(deps)
  return { sealed, more, faults }
}

/** One turn of one tenant. @returns how many rows it sealed; 0 also when somebody else is at it */
async function sealTenant(
  tx: Tx,
  of: { readonly tenant: string; readonly share: number; readonly sign: Sign; readonly clock: Clock },
): Promise<number> {
  const { tenant, share, sign, clock } = of
  if (!(await seal_try_lock(tx, tenantChain(tenant)))) return 0
  const rows = await unsealed_list(tx, tenant, share)
  if (rows.length === 0) return 0
  const { places, changed } = chained(tenant, rows, await segments_list(tx, tenant))
  await events_seal(tx, places)
  await signTenant(tx, { tenant, changed, sign, clock })
  return rows.length
}

/** Puts changed segments and signs what the tenant's segments are now. */
export async function signTenant(
  tx: Tx,
  of: { readonly tenant: string; readonly changed: readonly Segment[]; readonly sign: Sign; readonly clock: Clock },
): Promise<void> {
  const { tenant, changed, sign, clock } = of
  await segments_put(tx, tenant, changed)
  const digest = segmentsDigest(await segments_list(tx, tenant))
  const chain = tenantChain(tenant)
  const last = await chain_end(tx, chain)
  const at = new Date(clock.now())
  const n = (last?.n ?? 0) + 1
  const jws = await sign({
    v: 1,
    of: 'tenant',
    tenant,
    n,
    prev: last?.hash ?? null,
    at: at.toISOString(),
    segments: { count: digest.count, sha256: digest.value() },
    changed: changed.map(({ class: kind, month, count, hash, droppedThrough }) => ({
      class: kind,
      month,
      count,
      hash,
      dropped: droppedThrough,
    })),
  })
  const hash = headHash(jws)
  await head_insert(tx, { chain, n, hash, jws, at })
  await chain_put(tx, tenant, { n, hash })
}

/** The chains of the rows' segments, each as many rows further. Pure. */
export function chained(
  tenant: string,
  rows: readonly StoredRow[],
  before: readonly Segment[],
): { readonly places: readonly Place[]; readonly changed: readonly Segment[] } {
  const known = new Map(before.map((segment) => [`${segment.class}/${segment.month}`, segment]))
  const changed = new Map<string, Segment>()
  const places = rows.map((row): Place => {
    const evidence = evidenceOf(row)
    const month = monthOf(evidence.time)
    const key = `${row.class}/${month}`
    const segment = changed.get(key) ?? known.get(key) ?? emptySegment(tenant, row.class, month)
    const hash = linkOf(segment.hash, leafOf(evidence))
    const seq = segment.count + 1
    changed.set(key, { ...segment, count: seq, hash })
    return { id: row.id, class: row.class, time: row.time, seq, hash }
  })
  return { places, changed: [...changed.values()] }
}

function emptySegment(tenant: string, kind: string, month: string): Segment {
  const hash = genesisOf({ tenant, class: kind, month })
  return { class: kind, month, count: 0, hash, droppedThrough: 0, droppedHash: hash }
}

/** Signs the list of all tenants when one of them has a new head. */
async function listTenants({ database, signer, clock }: SealDeps): Promise<void> {
  const sign = await signer.prepare()
  await database.asPlatform(PURPOSE, async (tx) => {
    if (!(await seal_try_lock(tx, PLATFORM_CHAIN))) return
    const changed = await chains_unlisted(tx)
    if (changed.length === 0) return
    await chains_list_all(tx)
    const digest = createDigest('tenants')
    let after = ''
    for (;;) {
      const page = await listed_page(tx, after, 1_000)
      for (const { tenant, n, hash } of page) digest.add([tenant, n, hash])
      const last = page.at(-1)
      if (last === undefined) break
      after = last.tenant
    }
    const last = await chain_end(tx, PLATFORM_CHAIN)
    const at = new Date(clock.now())
    const n = (last?.n ?? 0) + 1
    const jws = await sign({
      v: 1,
      of: 'platform',
      n,
      prev: last?.hash ?? null,
      at: at.toISOString(),
      tenants: { count: digest.count, sha256: digest.value() },
      changed: changed.slice(0, MAX_NAMED),
    })
    await head_insert(tx, { chain: PLATFORM_CHAIN, n, hash: headHash(jws), jws, at })
  })
}
