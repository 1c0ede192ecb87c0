import type { ProofLine } from '@gatehouse/audit-proof'
import type { Tx } from '@gatehouse/database'
import type { JSONWebKeySet } from 'jose'
import { listed_page, segments_list } from '../seal/seal.store.ts'
import { evidenceOf } from '../stored-event.ts'
import {
  known_tenants,
  platform_head,
  type SegmentPage,
  segment_dropped,
  segment_rows,
  stray_rows,
  tenant_heads,
  unsealed_count,
} from './proof.store.ts'

/** Runs a body in a transaction across tenants: one for each page. */
export type Reading = <T>(body: (tx: Tx) => Promise<T>) => Promise<T>

const PAGE = 1_000
const MOST_STRAYS = 1_000
const FIRST_ID = '00000000-0000-0000-0000-000000000000'

/** The lines that a verification reads (see `proofLine`), a page at a time. */
export async function* proofLines(
  read: Reading,
  options: { readonly keys: JSONWebKeySet; readonly at: Date; readonly tenant?: string | undefined },
): AsyncGenerator<ProofLine> {
  const { tenant: only } = options
  const jwks = options.keys as Extract<ProofLine, { kind: 'evidence' }>['jwks']
  const at = options.at.toISOString()
  yield { kind: 'evidence', version: 1, at, ...(only !== undefined && { tenant: only }), jwks }
  // Head and list together: the sealer changes both in one transaction.
  const { head, listed } = await read(async (tx) => ({ head: await platform_head(tx), listed: await allListed(tx) }))
  yield { kind: 'platform', jws: head?.jws ?? null }
  for (const entry of listed) yield { kind: 'listed', ...entry }
  const numbers = new Map(listed.map(({ tenant, n }) => [tenant, n]))
  let rows = 0
  for await (const tenant of only === undefined ? tenantsOf(read) : [only]) {
    let own = 0
    for await (const line of linesOfTenant(read, tenant, numbers.get(tenant) ?? 0)) {
      if (line.kind === 'row') own += 1
      if (line.kind === 'again') own = 0
      yield line
    }
    rows += own
  }
  for (const row of await read((tx) => stray_rows(tx, only, MOST_STRAYS)))
    yield { kind: 'stray', seq: Number(row.seq), evidence: evidenceOf(row) }
  yield { kind: 'end', rows, unsealed: await read((tx) => unsealed_count(tx, only)) }
}

async function allListed(tx: Tx) {
  const listed: { tenant: string; n: number; hash: string }[] = []
  for (let after = ''; ; ) {
    const page = await listed_page(tx, after, PAGE)
    listed.push(...page)
    const last = page.at(-1)
    if (last === undefined) return listed
    after = last.tenant
  }
}

async function* tenantsOf(read: Reading): AsyncGenerator<string> {
  for (let after = ''; ; ) {
    const page = await read((tx) => known_tenants(tx, after, PAGE))
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    after = last
  }
}

/** From the beginning once more when rows that were still to be read have been dropped, their time being over. */
async function* linesOfTenant(read: Reading, tenant: string, listed: number): AsyncGenerator<ProofLine> {
  while (!(yield* onceThrough(read, tenant, listed))) yield { kind: 'again', tenant }
}

/** @returns whether every row was there that the segments promise */
async function* onceThrough(read: Reading, tenant: string, listed: number): AsyncGenerator<ProofLine, boolean> {
  const { heads, segments } = await read(async (tx) => {
    // The last head is read again after the segments: what was sealed between the two would look like a forgery.
    for (;;) {
      const heads = await tenant_heads(tx, tenant, listed)
      const segments = await segments_list(tx, tenant)
      const again = await tenant_heads(tx, tenant, listed)
      if (again.at(-1)?.jws === heads.at(-1)?.jws) return { heads, segments }
    }
  })
  for (const { jws } of heads) yield { kind: 'head', tenant, jws }
  for (const segment of segments) {
    yield { kind: 'segment', tenant, ...segment }
    yield* rowsOf(read, { tenant, ...segment })
    // After its rows: what is dropped from now on was read.
    const dropped = await read((tx) => segment_dropped(tx, { tenant, ...segment }))
    if (dropped > segment.droppedThrough) return false
  }
  return true
}

async function* rowsOf(read: Reading, segment: SegmentPage): AsyncGenerator<ProofLine> {
  let after = { seq: -(2n ** 63n), id: FIRST_ID }
  for (;;) {
    const page = await read((tx) => segment_rows(tx, segment, after, PAGE))
    for (const row of page) yield { kind: 'row', seq: Number(row.seq), hash: row.hash ?? '', evidence: evidenceOf(row) }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    after = { seq: last.seq, id: last.id }
  }
}
