import { type Finding, monthOf } from '@gatehouse/audit-proof'
import { type Sql, sql, type Tx } from '@gatehouse/database'
import { test, t as wholeFile } from 'tap'
import { PER_SEGMENT, sealedLog, TENANTS } from '../testing/sealed-log.ts'

const log = await sealedLog(wholeFile)
const { rows, afterTampering } = log

/** The same numbers each time. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Sealed = (typeof rows)[number]
const lastOf = (row: Sealed): boolean => !rows.some((other) => sameSegment(row, other) && other.seq > row.seq)
const sameSegment = (a: Sealed, b: Sealed): boolean =>
  a.tenant === b.tenant && a.class === b.class && a.time.getUTCMonth() === b.time.getUTCMonth()

const at = ({ id }: Sealed): Sql => sql`where id = ${id}::uuid`
/** Each column with another value than it can have. */
const CHANGES: readonly Sql[] = [
  sql`tool = 'other'`,
  sql`outcome = 'refused'`,
  sql`reason = 'other'`,
  sql`client = 'other'`,
  sql`client = null`,
  sql`grant_id = 'other'`,
  sql`node = 'other'`,
  sql`action = 'other'`,
  sql`source = '/other'`,
  sql`type = 'other'`,
  sql`duration_ms = duration_ms + 1`,
  sql`time = time + interval '1 millisecond'`,
  sql`received = received - interval '1 millisecond'`,
  sql`actor_identity = repeat('0', 64)`,
  sql`actor_identity = null, actor_id = 'p9'`,
  sql`actor_kind = 'service'`,
  sql`arguments_sha256 = repeat('0', 64)`,
  sql`request_id = 'other'`,
  sql`traceparent = null`,
  sql`rest = '{}'`,
  sql`rest = rest || '{"more":1}'`,
  sql`hash = repeat('0', 64)`,
]
/** What has to be found of an edit: one finding for each of these, that says so much. */
type Expected = readonly (Partial<Finding> & Pick<Finding, 'kind'>)[]

const placeOf = ({ tenant, class: kind, time }: Sealed) => ({ tenant, class: kind, month: monthOf(time.toISOString()) })
const named = (row: Sealed) => ({ ...placeOf(row), seq: Number(row.seq), id: row.id })
/** That it is gone: the place is named, who stood there is not known. */
const gone = (row: Sealed): Expected[number] => ({
  kind: lastOf(row) ? 'cut-tail' : 'removed',
  ...placeOf(row),
  seq: Number(row.seq),
  rows: 1,
})
/** A row that was never sealed, as a copy of one that was. @returns its id */
async function invent(tx: Tx, like: Sealed, seq: bigint): Promise<string> {
  const { id } = await tx.one<{ id: string }>(sql`
    insert into audit.events (id, tenant, class, time, type, source, tool, rest, seq, hash)
    select gen_random_uuid(), tenant, class, time, type, source, 'invented', rest, ${seq}::bigint, hash
    from audit.events ${at(like)} returning id`)
  return id
}

const EDITS: readonly ((tx: Tx, pick: (below: number) => number) => Promise<Expected>)[] = [
  async (tx, pick) => {
    const change = CHANGES[pick(CHANGES.length)] as Sql
    const row = rows[pick(rows.length)] as Sealed
    await tx.run(sql`update audit.events set ${change} ${at(row)}`)
    return [{ kind: 'changed', ...named(row) }]
  },
  async (tx, pick) => {
    const row = rows[pick(rows.length)] as Sealed
    await tx.run(sql`delete from audit.events ${at(row)}`)
    return [gone(row)]
  },
  async (tx, pick) => {
    const row = rows[pick(rows.length)] as Sealed
    const id = await invent(tx, row, row.seq)
    return [{ kind: 'inserted', ...named(row), id }]
  },
  async (tx, pick) => {
    const row = rows[pick(rows.length)] as Sealed
    const id = await invent(tx, row, 1_000n)
    return [{ kind: 'inserted', ...placeOf(row), seq: 1_000, id }]
  },
  async (tx, pick) => {
    const row = rows[pick(rows.length)] as Sealed
    const others = rows.filter((other) => other !== row && sameSegment(row, other))
    const other = others[pick(others.length)] as Sealed
    const withHash = pick(2) === 1
    for (const [from, to] of [
      [row, other],
      [other, row],
    ] as const)
      await tx.run(
        withHash
          ? sql`update audit.events set seq = ${to.seq} ${at(from)}`
          : sql`update audit.events set seq = ${to.seq}, hash = ${to.hash} ${at(from)}`,
      )
    return [
      { kind: 'reordered', ...named(row), seq: Number(other.seq) },
      { kind: 'reordered', ...named(other), seq: Number(row.seq) },
    ]
  },
  async (tx, pick) => {
    const row = rows[pick(rows.length)] as Sealed
    const tenant = TENANTS[(TENANTS.indexOf(row.tenant) + 1) % TENANTS.length] as string
    await tx.run(sql`update audit.events set tenant = ${tenant} ${at(row)}`)
    return [gone(row), { kind: 'inserted', ...named(row), tenant }]
  },
]

test('an untouched log is proven', async (t) => {
  t.same(await log.verify(), [])
  t.equal(rows.length, TENANTS.length * PER_SEGMENT * 2)
})

const says = (finding: Finding, expected: Expected[number]): boolean =>
  Object.entries(expected).every(([name, value]) => finding[name as keyof Finding] === value)

test('each of 1,000 random edits by the owner of the database is found, its row or place is named, and no other tenant is', async (t) => {
  const pick = random(20_260_728)
  const missed: string[] = []
  for (let n = 0; n < 1_000; n += 1) {
    let expected: Expected = []
    const found = await afterTampering(async (tx) => {
      expected = await (EDITS[n % EDITS.length] as (typeof EDITS)[number])(tx, pick)
    })
    const tenants = expected.map(({ tenant }) => tenant)
    const isTold = expected.every((one) => found.some((finding) => says(finding, one)))
    const others = found.filter(({ tenant }) => !tenants.includes(tenant))
    if (!isTold || others.length > 0) missed.push(`${n}: ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`)
  }
  t.same(missed, [])
})
