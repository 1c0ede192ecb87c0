import type { Finding } from './findings.ts'
import { type Evidence, genesisOf, leafOf, linkOf, monthOf, type Segment } from './hashes.ts'

export interface SealedRow {
  readonly seq: number
  readonly hash: string
  readonly evidence: Evidence
}

/** Judges the rows of one segment as they pass, by number. Keeps only what does not fit. */
export interface SegmentJudge {
  row(row: SealedRow): void
  /** What is wrong with it. */
  end(): readonly Finding[]
}

/** A row that does not follow from the one before. */
interface Misfit {
  readonly seq: number
  readonly id: string
  readonly leaf: string
  readonly hash: string
  /** Hash that stands at the row before. */
  readonly before: string
}

/** Among so many misfits it is looked for which of them changed places. */
const MOST_COMPARED = 200
const MOST_NAMED = 100

export function createSegmentJudge(tenant: string, segment: Segment): SegmentJudge {
  const where = { tenant, class: segment.class, month: segment.month }
  const findings: Finding[] = []
  const misfits: Misfit[] = []
  let misfitCount = 0
  let next = segment.droppedThrough + 1
  let before: string | undefined = segment.droppedThrough === 0 ? genesisOf(where) : segment.droppedHash
  /** Rows with the same number; there should be one. */
  let same: SealedRow[] = []

  const settle = (): void => {
    const [first] = same
    if (first === undefined) return
    const { seq } = first
    if (seq > next) {
      findings.push({ kind: 'removed', ...where, seq: next, rows: seq - next })
      before = undefined
    }
    const leaves = same.map((row) => (belongs(row.evidence, where) ? leafOf(row.evidence) : ''))
    const known = before
    const genuine = known === undefined ? 0 : same.findIndex(({ hash }, n) => linkOf(known, leaves[n] ?? '') === hash)
    const kept = same[Math.max(genuine, 0)] ?? first
    for (const row of same) {
      if (row !== kept) findings.push({ kind: 'inserted', ...where, seq, id: row.evidence.id })
    }
    if (genuine < 0 && known !== undefined) {
      misfitCount += 1
      const leaf = leaves[0] ?? ''
      if (misfits.length < MOST_COMPARED)
        misfits.push({ seq, id: kept.evidence.id, leaf, hash: kept.hash, before: known })
    }
    before = kept.hash
    next = seq + 1
    same = []
  }

  return {
    row(row) {
      if (same[0] !== undefined && same[0].seq !== row.seq) settle()
      same.push(row)
    },
    end() {
      settle()
      findings.push(...judgeMisfits(misfits, where))
      if (misfitCount > MOST_NAMED) findings.push({ kind: 'changed', ...where, rows: misfitCount - MOST_NAMED })
      if (next <= segment.count)
        findings.push({ kind: 'cut-tail', ...where, seq: next, rows: segment.count - next + 1 })
      else if (before !== segment.hash || next > segment.count + 1) findings.push({ kind: 'recomputed', ...where })
      return findings
    },
  }
}

const belongs = (evidence: Evidence, where: { tenant: string; class: string; month: string }): boolean =>
  evidence.tenant === where.tenant && evidence.class === where.class && monthOf(evidence.time) === where.month

/** A misfit that is whole, but somewhere else, was moved; the others were changed. */
function judgeMisfits(
  misfits: readonly Misfit[],
  where: { readonly tenant: string; readonly class: string; readonly month: string },
): readonly Finding[] {
  const hashes = new Set(misfits.flatMap(({ hash, before }) => [hash, before]))
  const isMoved = (misfit: Misfit): boolean =>
    [...hashes].some((previous) => linkOf(previous, misfit.leaf) === misfit.hash) ||
    misfits.some((other) => other !== misfit && linkOf(other.before, misfit.leaf) === other.hash)
  return misfits
    .slice(0, MOST_NAMED)
    .map((misfit) => ({ kind: isMoved(misfit) ? 'reordered' : 'changed', ...where, seq: misfit.seq, id: misfit.id }))
}
