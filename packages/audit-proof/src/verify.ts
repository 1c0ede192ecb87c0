import type { Finding } from './findings.ts'
import { createDigest, type Digest, type Segment, segmentEntry } from './hashes.ts'
import type { PlatformHead, ReadHead, SignedHead, TenantHead } from './head.ts'
import { createSegmentJudge, type SegmentJudge } from './judge-segment.ts'
import type { ProofLine } from './lines.ts'

export interface Verification {
  /** In the order of the lines. Memory does not grow with the rows. */
  line(line: ProofLine): Promise<void>
  end(): Report
}

export interface Report {
  readonly findings: readonly Finding[]
  readonly tenants: number
  readonly rows: number
  /** Rows that no head proves yet. */
  readonly unsealed: number
  /** Rows whose time was over: that they existed is proven, what they said is gone. */
  readonly dropped: number
}

export interface VerificationOptions {
  readonly readHead: ReadHead
  /** Heads that were seen outside of the database: from the stream, or kept in a file. */
  readonly external?: readonly SignedHead[]
}

/** What an external head says of one segment at one time. */
interface Mark {
  readonly hash: string
  readonly head: number
}

export function createVerification({ readHead, external = [] }: VerificationOptions): Verification {
  const findings: Finding[] = []
  const listed = new Map<string, { readonly n: number; readonly hash: string; met: boolean }>()
  const list = createDigest('tenants')
  const marks = marksOf(external)
  const seen = { tenants: new Set<string>(), rows: 0, unsealed: 0, dropped: 0 }
  let only: string | undefined
  let platform: SignedHead<PlatformHead> | undefined
  let listClosed = false
  let ended = false
  let tenant: TenantState | undefined
  let segment: { readonly judge: SegmentJudge; readonly segment: Segment } | undefined

  const closeSegment = (): void => {
    if (segment !== undefined) tenant?.findings.push(...segment.judge.end())
    segment = undefined
  }
  const closeTenant = (): void => {
    closeSegment()
    if (tenant !== undefined) {
      findings.push(...tenant.findings, ...judgeTenant(tenant, externalOf(external, tenant.name)))
      seen.rows += tenant.rows
      for (const { droppedThrough } of tenant.segments.values()) seen.dropped += droppedThrough
    }
    tenant = undefined
  }
  const closeList = (): void => {
    if (listClosed) return
    listClosed = true
    findings.push(...judgeList(platform, list, listed, external))
  }
  const enter = (name: string): TenantState => {
    closeList()
    if (tenant?.name !== name) {
      closeTenant()
      tenant = stateOf(name)
      seen.tenants.add(name)
    }
    return tenant as TenantState
  }

  return {
    async line(line) {
      switch (line.kind) {
        case 'evidence':
          only = line.tenant
          return
        case 'platform': {
          if (line.jws === null) return
          const read = await readHead(line.jws)
          if (typeof read === 'string' || read.head.of !== 'platform') findings.push({ kind: 'forged-head' })
          else platform = read as SignedHead<PlatformHead>
          return
        }
        case 'listed':
          list.add([line.tenant, line.n, line.hash])
          listed.set(line.tenant, { n: line.n, hash: line.hash, met: false })
          return
        case 'head': {
          const state = enter(line.tenant)
          const read = await readHead(line.jws)
          if (typeof read === 'string' || read.head.of !== 'tenant' || read.head.tenant !== line.tenant) {
            state.findings.push({ kind: 'forged-head', tenant: line.tenant })
            return
          }
          const entry = listed.get(line.tenant)
          if (entry !== undefined && entry.hash === read.hash && entry.n === read.head.n) entry.met = true
          if (state.last === undefined || read.head.n > state.last.head.n) state.last = read as SignedHead<TenantHead>
          return
        }
        case 'segment': {
          const state = enter(line.tenant)
          closeSegment()
          state.digest.add(segmentEntry(line))
          state.segments.set(`${line.class}/${line.month}`, line)
          segment = { judge: createSegmentJudge(line.tenant, line), segment: line }
          return
        }
        case 'row': {
          if (tenant === undefined || segment === undefined) {
            seen.rows += 1
            findings.push({ kind: 'inserted', tenant: line.evidence.tenant, seq: line.seq, id: line.evidence.id })
            return
          }
          tenant.rows += 1
          segment.judge.row(line)
          const key = keyOf(tenant.name, segment.segment, line.seq)
          const mark = marks.get(key)
          if (mark === undefined || tenant.marked.has(key)) return
          tenant.marked.add(key)
          if (mark.hash !== line.hash)
            tenant.findings.push({
              kind: 'recomputed',
              ...placeOf(tenant.name, segment.segment),
              seq: line.seq,
              head: mark.head,
            })
          return
        }
        case 'again': {
          // Only what follows is judged, as a whole: leaving something out of it is found as it is the first time.
          if (tenant?.name === line.tenant) [tenant, segment] = [stateOf(line.tenant), undefined]
          const entry = listed.get(line.tenant)
          if (entry !== undefined) entry.met = false
          return
        }
        case 'stray': {
          const { id, tenant: of, class: kind, time } = line.evidence
          closeTenant()
          closeList()
          findings.push({ kind: 'inserted', tenant: of, class: kind, month: time.slice(0, 7), seq: line.seq, id })
          return
        }
        case 'end':
          seen.unsealed = line.unsealed
          ended = true
      }
    },
    end() {
      closeTenant()
      closeList()
      if (!ended) findings.push({ kind: 'incomplete' })
      for (const [name, entry] of listed) {
        if (entry.met || (only !== undefined && only !== name)) continue
        findings.push(
          seen.tenants.has(name)
            ? { kind: 'forged-head', tenant: name, head: entry.n }
            : { kind: 'removed-tenant', tenant: name },
        )
      }
      return { findings, tenants: seen.tenants.size, rows: seen.rows, unsealed: seen.unsealed, dropped: seen.dropped }
    },
  }
}

interface TenantState {
  readonly name: string
  readonly digest: Digest
  readonly segments: Map<string, Segment>
  last: SignedHead<TenantHead> | undefined
  readonly findings: Finding[]
  rows: number
  /** Rows that were compared with what an external head says of them. */
  readonly marked: Set<string>
}

const stateOf = (name: string): TenantState => ({
  name,
  digest: createDigest('segments'),
  segments: new Map(),
  last: undefined,
  findings: [],
  rows: 0,
  marked: new Set(),
})

/** The segments, against the last head; the heads from outside, against both. */
function judgeTenant(state: TenantState, external: readonly SignedHead<TenantHead>[]): readonly Finding[] {
  const { name, last, digest, segments } = state
  if (last === undefined) return [{ kind: 'forged-head', tenant: name }]
  const findings: Finding[] = []
  const { head } = last
  if (head.segments.count !== digest.count || head.segments.sha256 !== digest.value()) {
    const short = head.changed.filter((of) => (segments.get(`${of.class}/${of.month}`)?.count ?? 0) < of.count)
    findings.push(
      ...(short.length === 0
        ? [{ kind: 'recomputed', tenant: name, head: head.n } as const]
        : short.map((of) => ({ kind: 'cut-tail', ...placeOf(name, of), head: head.n }) as const)),
    )
  }
  for (const { head: seen } of external) {
    if (seen.n > head.n) findings.push({ kind: 'rolled-back', tenant: name, head: seen.n })
    for (const of of seen.changed) {
      const found = segments.get(`${of.class}/${of.month}`)
      if (found === undefined || found.count < of.count)
        findings.push({ kind: 'cut-tail', ...placeOf(name, of), head: seen.n })
    }
  }
  return findings
}

/** The list of tenants, against the platform's head. */
function judgeList(
  platform: SignedHead<PlatformHead> | undefined,
  list: Digest,
  listed: ReadonlyMap<string, { readonly n: number }>,
  external: readonly SignedHead[],
): readonly Finding[] {
  const outside = external.map(({ head }) => head)
  if (platform === undefined) {
    const proven = list.count > 0 || outside.length > 0
    return proven ? [{ kind: 'forged-head' }] : []
  }
  const { head } = platform
  const findings: Finding[] = []
  if (head.tenants.count !== list.count || head.tenants.sha256 !== list.value()) {
    const gone = head.changed.filter(({ tenant }) => !listed.has(tenant))
    findings.push(
      ...gone.map(({ tenant }) => ({ kind: 'removed-tenant', tenant }) as const),
      ...(gone.length > 0
        ? []
        : [{ kind: head.tenants.count > list.count ? 'removed-tenant' : 'recomputed', head: head.n } as const]),
    )
  }
  const missing = new Set<string>()
  for (const seen of outside) {
    if (seen.of === 'platform' && seen.n > head.n) findings.push({ kind: 'rolled-back', head: seen.n })
    const named = seen.of === 'platform' ? seen.changed.map(({ tenant }) => tenant) : []
    for (const tenant of named) if (!listed.has(tenant) && seen.n <= head.n) missing.add(tenant)
  }
  return [...findings, ...[...missing].map((tenant) => ({ kind: 'removed-tenant', tenant }) as const)]
}

const placeOf = (tenant: string, { class: kind, month }: Pick<Segment, 'class' | 'month'>) => ({
  tenant,
  class: kind,
  month,
})

const keyOf = (tenant: string, of: Pick<Segment, 'class' | 'month'>, seq: number): string =>
  JSON.stringify([tenant, of.class, of.month, seq])

function marksOf(external: readonly SignedHead[]): Map<string, Mark> {
  const marks = new Map<string, Mark>()
  for (const { head } of external) {
    if (head.of !== 'tenant') continue
    for (const of of head.changed) marks.set(keyOf(head.tenant, of, of.count), { hash: of.hash, head: head.n })
  }
  return marks
}

const externalOf = (external: readonly SignedHead[], tenant: string): readonly SignedHead<TenantHead>[] =>
  external.filter((one): one is SignedHead<TenantHead> => one.head.of === 'tenant' && one.head.tenant === tenant)
