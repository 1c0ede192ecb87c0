import { test } from 'tap'
import { type Evidence, genesisOf, leafOf, linkOf, type Segment } from './hashes.ts'
import { createSegmentJudge, type SealedRow } from './judge-segment.ts'

const PLACE = { class: 'standard', month: '2026-03' }
const GENESIS = genesisOf({ tenant: 't1', ...PLACE })

const evidence = (n: number, over: Partial<Evidence> = {}): Evidence => ({
  id: `e${n}`,
  tenant: 't1',
  class: 'standard',
  time: '2026-03-01T10:00:00.000Z',
  rest: { n },
  ...over,
})

/** Rows that follow from each other, as they were sealed. */
function chain(all: readonly Evidence[], first = 1, from = GENESIS): readonly SealedRow[] {
  let hash = from
  return all.map((one, n) => {
    hash = linkOf(hash, leafOf(one))
    return { seq: first + n, hash, evidence: one }
  })
}
const some = (count: number) => Array.from({ length: count }, (_, n) => evidence(n + 1))
const last = (rows: readonly SealedRow[]): string => rows.at(-1)?.hash ?? GENESIS
const segment = (rows: readonly SealedRow[], over: Partial<Segment> = {}): Segment => ({
  ...PLACE,
  ...{ count: rows.length, hash: last(rows), droppedThrough: 0, droppedHash: GENESIS },
  ...over,
})
function found(of: Segment, rows: readonly SealedRow[]) {
  const judge = createSegmentJudge('t1', of)
  for (const row of rows) judge.row(row)
  return judge.end().map(({ tenant: _tenant, class: _class, month: _month, ...rest }) => rest)
}

test('a segment that is whole is proven, and one whose beginning was dropped', async (t) => {
  const rows = chain(some(5))
  t.same(found(segment(rows), rows), [])
  const dropped = { droppedThrough: 3, droppedHash: rows[2]?.hash ?? '' }
  t.same(found(segment(rows, dropped), rows.slice(3)), [])
  t.same(found(segment(rows, { ...dropped, droppedThrough: 5, droppedHash: last(rows) }), []), [])
})

test('a count or a last hash that is not that of the rows is found, each by itself', async (t) => {
  const rows = chain(some(3))
  t.same(found(segment(rows, { hash: 'f'.repeat(64) }), rows), [{ kind: 'recomputed' }])
  t.same(found(segment(rows, { count: 2 }), rows), [{ kind: 'recomputed' }])
  t.same(found(segment(rows, { count: 5 }), rows), [{ kind: 'cut-tail', seq: 4, rows: 2 }])
})

test('a row of another tenant, class or month is none of this segment, though its hash follows', async (t) => {
  for (const over of [{ tenant: 't2' }, { class: 'security' }, { time: '2026-04-01T00:00:00.000Z' }]) {
    const rows = chain([evidence(1), evidence(2, over), evidence(3)])
    t.same(found(segment(rows), rows), [{ kind: 'changed', seq: 2, id: 'e2' }], JSON.stringify(over))
  }
})

test('of many rows that were changed the first hundred are named, and how many more there are', async (t) => {
  const rows = chain(some(250))
  const changed = rows.map((row, n) => (n < 240 ? { ...row, evidence: { ...row.evidence, rest: {} } } : row))
  const findings = found(segment(rows), changed)
  t.same(
    findings.slice(0, -1),
    Array.from({ length: 100 }, (_, n) => ({ kind: 'changed', seq: n + 1, id: `e${n + 1}` })),
  )
  t.same(findings.at(-1), { kind: 'changed', rows: 140 })
})
