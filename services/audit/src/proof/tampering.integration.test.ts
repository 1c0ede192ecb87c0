import {
  createHeadReader,
  createVerification,
  type Finding,
  monthOf,
  type ProofLine,
  type SignedHead,
} from '@gatehouse/audit-proof'
import { systemClock } from '@gatehouse/contracts'
import { openDatabase, type Sql, sql, type Tx } from '@gatehouse/database'
import { makeSigningKey } from '@gatehouse/keyring'
import { fixedKeyring } from '@gatehouse/keyring/testing'
import { postgres } from '@gatehouse/testkit'
import { test, t as wholeFile } from 'tap'
import { storeBatch } from '../ingest/store-batch.ts'
import { messageOf, toolCalled } from '../sample-events.ts'
import { auditSchema } from '../schema.ts'
import { localHeadSigner } from '../seal/rings.ts'
import { segments_list, tenantChain } from '../seal/seal.store.ts'
import { chained, signTenant } from '../seal/seal.ts'
import { eventColumns, type StoredRow } from '../stored-event.ts'
import { sealAll } from '../testing/seal-all.ts'
import { proofLines } from './evidence.ts'

const { url } = await postgres(wholeFile)
const host = await openDatabase(url)
wholeFile.teardown(() => host.close())
await host.migrate([auditSchema])
const database = host.as(auditSchema.role)
/** Whoever owns the database: no policy holds for it. */
const owner = host.as('postgres')
const make = makeSigningKey('ES256')
const signer = localHeadSigner(fixedKeyring({ make }))
const keys = await signer.publicKeys()
const readHead = createHeadReader(keys)
const deps = { database, signer, clock: systemClock }

const PER_TENANT = 16
const TENANTS = ['t1', 't2', 't3']

async function store(tenant: string, count: number): Promise<void> {
  const events = Array.from({ length: count }, (_, n) =>
    toolCalled(
      { tool: `tool.${n % 7}`, actor: { kind: 'person', id: `p${n % 5}`, client: 'c1' }, requestId: `r${n}` },
      { tenant, time: new Date(Date.UTC(2026, n % 2, 1) + n * 60_000).toISOString() },
    ),
  )
  const data = new TextEncoder().encode(messageOf(...events).data)
  await storeBatch(database, [{ subject: 'audit.n1', sequence: 1, time: new Date(), data, headers: {}, delivery: 1 }])
}
for (const tenant of TENANTS) await store(tenant, PER_TENANT)
await sealAll(deps)
// A second head of each, so that there is one before the last.
for (const tenant of TENANTS) await store(tenant, 4)
await sealAll(deps)

async function verify(tx: Tx, external: readonly SignedHead[] = []): Promise<readonly Finding[]> {
  const verification = createVerification({ readHead, external })
  for await (const line of proofLines((body) => body(tx), { keys, at: new Date() })) await verification.line(line)
  return verification.end().findings
}

class Undone extends Error {}

/** What is found after the owner did that; nothing of it stays. */
async function afterTampering(
  tamper: (tx: Tx) => Promise<unknown>,
  external?: readonly SignedHead[],
): Promise<readonly Finding[]> {
  let findings: readonly Finding[] = []
  const undone = owner.asPlatform('tamper', async (tx) => {
    await tamper(tx)
    findings = await verify(tx, external)
    throw new Undone()
  })
  await undone.catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error
  })
  return findings
}

/** The same numbers each time. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const rows = await owner.asPlatform('test', (tx) =>
  tx.rows<StoredRow & { seq: bigint; hash: string }>(
    sql`select ${eventColumns} from audit.events as e order by e.tenant, e.class, e.time, e.seq`,
  ),
)
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
  t.same(await owner.asPlatform('test', (tx) => verify(tx)), [])
  t.equal(rows.length, TENANTS.length * (PER_TENANT + 4))
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

const headOf = async (tenant: string): Promise<SignedHead> => {
  const { jws } = await owner.asPlatform('test', (tx) =>
    tx.one<{ jws: string }>(
      sql`select jws from audit.heads where chain = ${tenantChain(tenant)} order by n desc limit 1`,
    ),
  )
  const head = await readHead(jws)
  if (typeof head === 'string') throw new Error(head)
  return head
}

/** Whoever writes the database but has no key: the chain of a tenant as if the rows had always been these. */
async function recompute(tx: Tx, tenant: string): Promise<void> {
  const found = await tx.rows<StoredRow>(
    sql`select ${eventColumns} from audit.events as e where tenant = ${tenant} order by e.class, date_trunc('month', e.time), e.seq`,
  )
  const { places, changed } = chained(tenant, found, [])
  for (const { id, seq, hash } of places)
    await tx.run(sql`update audit.events set seq = ${seq}, hash = ${hash} where id = ${id}::uuid`)
  await tx.run(sql`delete from audit.segments where tenant = ${tenant}`)
  for (const of of changed)
    await tx.run(sql`insert into audit.segments values (${tenant}, ${of.class}, ${of.month}, ${of.count}, ${of.hash}, 0,
      ${of.droppedHash})`)
}

const kinds = (findings: readonly Finding[]) => [...new Set(findings.map(({ kind }) => kind))].sort()

test('a chain that was computed anew without the key is found, and so is one signed with another key', async (t) => {
  const change = (tx: Tx) => tx.run(sql`update audit.events set tool = 'other' where tenant = 't2' and seq = 3`)
  const quiet = await afterTampering(async (tx) => {
    await change(tx)
    await recompute(tx, 't2')
  })
  t.match(kinds(quiet), ['recomputed'])
  t.ok(quiet.every(({ tenant }) => tenant === 't2'))
  const stranger = localHeadSigner(fixedKeyring({ make }))
  const signed = await afterTampering(async (tx) => {
    await change(tx)
    await recompute(tx, 't2')
    const sign = await stranger.prepare()
    await signTenant(tx, { tenant: 't2', changed: await segments_list(tx, 't2'), sign, clock: systemClock })
    await tx.run(sql`update audit.chains set listed_n = n, listed_hash = hash`)
  })
  t.ok(kinds(signed).includes('forged-head'))
  t.ok(kinds(signed).includes('recomputed'), 'the list of tenants is not the one that was signed')
})

test('a cut tail is found, whatever else is made to fit', async (t) => {
  const cut = (tx: Tx) =>
    tx.run(
      sql`delete from audit.events where tenant = 't1' and received = (select max(received) from audit.events where tenant = 't1')`,
    )
  const lost = { kind: 'cut-tail', tenant: 't1', class: 'standard', seq: PER_TENANT / 2 + 1, rows: 2 } as const
  t.same(await afterTampering(cut), [
    { ...lost, month: '2026-01' },
    { ...lost, month: '2026-02' },
  ])
  const fitted = async (tx: Tx) => {
    await cut(tx)
    await recompute(tx, 't1')
  }
  t.ok(kinds(await afterTampering(fitted)).includes('cut-tail'))
  const withHeads = async (tx: Tx) => {
    await fitted(tx)
    await tx.run(sql`delete from audit.heads where chain = ${tenantChain('t1')} and n = 2`)
    await tx.run(sql`update audit.chains set n = 1, hash = h.hash, listed_n = 1, listed_hash = h.hash from audit.heads as h
      where tenant = 't1' and h.chain = ${tenantChain('t1')} and h.n = 1`)
  }
  t.ok(kinds(await afterTampering(withHeads)).includes('recomputed'), 'the list of tenants says so')
  const outside = await headOf('t1')
  const rollback = async (tx: Tx) => {
    await withHeads(tx)
    await tx.run(sql`delete from audit.heads where chain = 'platform' and n > 1`)
    await tx.run(sql`update audit.chains as c set listed_n = 1, listed_hash = h.hash from audit.heads as h
      where h.chain = 'tenant/' || c.tenant and h.n = 1`)
  }
  t.same(await afterTampering(rollback), [], 'an older state of everything is whole in itself')
  t.match(kinds(await afterTampering(rollback, [outside])), ['cut-tail', 'rolled-back'], 'a head from outside tells')
})

test('a tenant that was removed is found, and by its name', async (t) => {
  const remove = async (tx: Tx) => {
    for (const table of ['events', 'segments', 'chains'])
      await tx.run({ text: `delete from audit.${table} where tenant = 't3'`, values: [] })
    await tx.run(sql`delete from audit.heads where chain = ${tenantChain('t3')}`)
  }
  t.match(await afterTampering(remove), [{ kind: 'removed-tenant', tenant: 't3' }])
  const listed = async (tx: Tx) => {
    for (const table of ['events', 'segments'])
      await tx.run({ text: `delete from audit.${table} where tenant = 't3'`, values: [] })
    await tx.run(sql`delete from audit.heads where chain = ${tenantChain('t3')}`)
  }
  t.ok((await afterTampering(listed)).some(({ kind, tenant }) => kind !== 'changed' && tenant === 't3'))
})

test('heads that are gone or altered are found', async (t) => {
  t.ok((await afterTampering((tx) => tx.run(sql`delete from audit.heads`))).length > 0)
  const altered = (tx: Tx) => tx.run(sql`update audit.heads set jws = 'a' || jws where chain = 'platform'`)
  t.ok(kinds(await afterTampering(altered)).includes('forged-head'))
})

test('what stays proven is not what the erased person was called', async (t) => {
  const erased = await afterTampering((tx) => tx.run(sql`delete from audit.identities where person = 'p1'`))
  t.same(erased, [])
})

/** What is found in the lines of the untouched log after somebody altered them on their way. */
async function afterAltering(alter: (lines: readonly ProofLine[]) => readonly ProofLine[]): Promise<readonly string[]> {
  const lines = await owner.asPlatform('test', async (tx) => {
    const read: ProofLine[] = []
    for await (const line of proofLines((body) => body(tx), { keys, at: new Date() })) read.push(line)
    return read
  })
  const verification = createVerification({ readHead })
  for (const line of alter(lines)) await verification.line(line)
  return kinds(verification.end().findings)
}

test('an export is found to be altered: heads of others, no heads, no end, and a beginning anew that leaves rows out', async (t) => {
  const isOf = (tenant: string) => (line: ProofLine) => 'tenant' in line && line.tenant === tenant
  const jwsOf = (lines: readonly ProofLine[], tenant: string) =>
    lines.flatMap((line) => (line.kind === 'head' && line.tenant === tenant ? [line.jws] : [])).at(-1) ?? ''
  t.same(await afterAltering((lines) => lines), [])
  const borrowed = await afterAltering((lines) =>
    lines.map((line) => (line.kind === 'head' && line.tenant === 't1' ? { ...line, jws: jwsOf(lines, 't2') } : line)),
  )
  t.ok(borrowed.includes('forged-head'), 'a head of another tenant')
  const other = await afterAltering((lines) =>
    lines.map((line) => (line.kind === 'platform' ? { ...line, jws: jwsOf(lines, 't1') } : line)),
  )
  t.ok(other.includes('forged-head'), 'a head of a tenant for that of the platform')
  const none = await afterAltering((lines) =>
    lines.map((line) => (line.kind === 'platform' ? { ...line, jws: null } : line)),
  )
  t.ok(none.includes('forged-head'), 'no head of the platform')
  t.ok((await afterAltering((lines) => lines.slice(0, -1))).includes('incomplete'), 'no end')
  const again = { kind: 'again', tenant: 't3' } as const
  const end = (lines: readonly ProofLine[]) => lines.slice(-1)
  const left = await afterAltering((lines) => [...lines.slice(0, -1), again, ...end(lines)])
  t.ok(left.length > 0, 'nothing follows')
  const whole = await afterAltering((lines) => [
    ...lines.slice(0, -1),
    again,
    ...lines.filter((line) => isOf('t3')(line) && (line.kind === 'head' || line.kind === 'segment')),
    ...end(lines),
  ])
  t.ok(whole.includes('cut-tail'), 'the segments follow without their rows')
})
