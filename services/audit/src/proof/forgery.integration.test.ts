import type { ProofLine } from '@gatehouse/audit-proof'
import { systemClock } from '@gatehouse/contracts'
import { sql, type Tx } from '@gatehouse/database'
import { test, t as wholeFile } from 'tap'
import { PLATFORM_CHAIN, segments_list, tenantChain } from '../seal/seal.store.ts'
import { signTenant } from '../seal/seal.ts'
import { kindsOf, PER_SEGMENT, PER_TENANT, sealedLog } from '../testing/sealed-log.ts'

const { stranger, afterTampering, afterAltering, headOf, recompute, signAnew, listAnew } = await sealedLog(wholeFile)

test('a chain that was computed anew without the key is found, and so is one signed with another key', async (t) => {
  const change = (tx: Tx) => tx.run(sql`update audit.events set tool = 'other' where tenant = 't2' and seq = 3`)
  const quiet = await afterTampering(async (tx) => {
    await change(tx)
    await recompute(tx, 't2')
  })
  t.match(kindsOf(quiet), ['recomputed'])
  t.ok(quiet.every(({ tenant }) => tenant === 't2'))
  const signed = await afterTampering(async (tx) => {
    await change(tx)
    await recompute(tx, 't2')
    const sign = await stranger.prepare()
    await signTenant(tx, { tenant: 't2', changed: await segments_list(tx, 't2'), sign, clock: systemClock })
    await tx.run(sql`update audit.chains set listed_n = n, listed_hash = hash`)
  })
  t.ok(kindsOf(signed).includes('forged-head'))
  t.ok(kindsOf(signed).includes('recomputed'), 'the list of tenants is not the one that was signed')
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
  t.ok(kindsOf(await afterTampering(fitted)).includes('cut-tail'))
  const withHeads = async (tx: Tx) => {
    await fitted(tx)
    await tx.run(sql`delete from audit.heads where chain = ${tenantChain('t1')} and n = 2`)
    await tx.run(sql`update audit.chains set n = 1, hash = h.hash, listed_n = 1, listed_hash = h.hash from audit.heads as h
      where tenant = 't1' and h.chain = ${tenantChain('t1')} and h.n = 1`)
  }
  t.ok(kindsOf(await afterTampering(withHeads)).includes('recomputed'), 'the list of tenants says so')
  const outside = await headOf(tenantChain('t1'))
  const rollback = async (tx: Tx) => {
    await withHeads(tx)
    await tx.run(sql`delete from audit.heads where chain = 'platform' and n > 1`)
    await tx.run(sql`update audit.chains as c set listed_n = 1, listed_hash = h.hash from audit.heads as h
      where h.chain = 'tenant/' || c.tenant and h.n = 1`)
  }
  t.same(await afterTampering(rollback), [], 'an older state of everything is whole in itself')
  t.match(kindsOf(await afterTampering(rollback, [outside])), ['cut-tail', 'rolled-back'], 'a head from outside tells')
})

test('an older state that was restored and sealed on from there with the real key is found: by the list that was signed before, and by a head from outside', async (t) => {
  const outside = await headOf(tenantChain('t2'))
  const fork = async (tx: Tx) => {
    await tx.run(sql`update audit.events set tool = 'other' where tenant = 't2'
      and received = (select max(received) from audit.events where tenant = 't2')`)
    await recompute(tx, 't2')
    await signAnew(tx, 't2')
  }
  t.same(await afterTampering(fork), [{ kind: 'forged-head', tenant: 't2', head: 2 }])
  const listedToo = async (tx: Tx) => {
    await fork(tx)
    await listAnew(tx)
  }
  t.same(await afterTampering(listedToo), [], 'by itself it is whole')
  const place = { kind: 'recomputed', tenant: 't2', class: 'standard', seq: PER_SEGMENT, head: 2 } as const
  t.same(await afterTampering(listedToo, [outside]), [
    { ...place, month: '2026-01' },
    { ...place, month: '2026-02' },
  ])
  const withoutMonth = async (tx: Tx) => {
    await tx.run(sql`delete from audit.events where tenant = 't2' and time >= '2026-02-01T00:00:00Z'`)
    await tx.run(sql`delete from audit.segments where tenant = 't2' and month = '2026-02'`)
    await listedToo(tx)
  }
  t.same(await afterTampering(withoutMonth), [])
  t.match(await afterTampering(withoutMonth, [outside]), [
    { kind: 'recomputed', tenant: 't2', month: '2026-01' },
    { kind: 'cut-tail', tenant: 't2', month: '2026-02', head: 2 },
  ])
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
  const outside = await headOf(PLATFORM_CHAIN)
  const forgotten = async (tx: Tx) => {
    await remove(tx)
    await listAnew(tx)
  }
  t.same(await afterTampering(forgotten), [], 'when the service lists what is left it is whole in itself')
  t.same(await afterTampering(forgotten, [outside]), [{ kind: 'removed-tenant', tenant: 't3' }])
})

const ID = '7d4a5c3e-0f5b-4a0e-9d0a-2b1c3d4e5f60'

test('a tenant that somebody invents, its chain whole and without a head, or a row alone, is found by its name', async (t) => {
  const invent = async (tx: Tx) => {
    await tx.run(sql`insert into audit.events (id, tenant, class, time, type, source, seq, hash)
      values (${ID}::uuid, 't9', 'standard', '2026-01-01T00:00:00Z', 'x', '/x', 1, repeat('0', 64))`)
  }
  const withSegment = async (tx: Tx) => {
    await invent(tx)
    await recompute(tx, 't9')
  }
  t.same(await afterTampering(withSegment), [{ kind: 'forged-head', tenant: 't9' }])
  t.same(await afterTampering(invent), [
    { kind: 'inserted', tenant: 't9', class: 'standard', month: '2026-01', seq: 1, id: ID },
  ])
})

test('a log of which nothing is left is found by a head from outside', async (t) => {
  const outside = await headOf(PLATFORM_CHAIN)
  const remove = async (tx: Tx) => {
    for (const table of ['events', 'segments', 'chains', 'heads'])
      await tx.run({ text: `delete from audit.${table}`, values: [] })
  }
  t.same(await afterTampering(remove), [], 'there is nothing to verify')
  t.same(await afterTampering(remove, [outside]), [{ kind: 'forged-head' }])
})

test('heads that are gone or altered are found', async (t) => {
  t.ok((await afterTampering((tx) => tx.run(sql`delete from audit.heads`))).length > 0)
  const altered = (tx: Tx) => tx.run(sql`update audit.heads set jws = 'a' || jws where chain = 'platform'`)
  t.ok(kindsOf(await afterTampering(altered)).includes('forged-head'))
})

test('what stays proven is not what the erased person was called', async (t) => {
  const erased = await afterTampering((tx) => tx.run(sql`delete from audit.identities where person = 'p1'`))
  t.same(erased, [])
})

test('an export is found to be altered: heads of others, no heads, no end, rows that are of no segment, and a beginning anew that leaves rows out', async (t) => {
  const altered = async (alter: Parameters<typeof afterAltering>[0]) => kindsOf(await afterAltering(alter))
  const isOf = (tenant: string) => (line: ProofLine) => 'tenant' in line && line.tenant === tenant
  const jwsOf = (lines: readonly ProofLine[], tenant: string) =>
    lines.flatMap((line) => (line.kind === 'head' && line.tenant === tenant ? [line.jws] : [])).at(-1) ?? ''
  t.same(await altered((lines) => lines), [])
  const borrowed = await altered((lines) =>
    lines.map((line) => (line.kind === 'head' && line.tenant === 't1' ? { ...line, jws: jwsOf(lines, 't2') } : line)),
  )
  t.ok(borrowed.includes('forged-head'), 'a head of another tenant')
  const other = await altered((lines) =>
    lines.map((line) => (line.kind === 'platform' ? { ...line, jws: jwsOf(lines, 't1') } : line)),
  )
  t.ok(other.includes('forged-head'), 'a head of a tenant for that of the platform')
  const none = await altered((lines) => lines.map((line) => (line.kind === 'platform' ? { ...line, jws: null } : line)))
  t.ok(none.includes('forged-head'), 'no head of the platform')
  t.ok((await altered((lines) => lines.slice(0, -1))).includes('incomplete'), 'no end')
  const isRow = (line: ProofLine) => line.kind === 'row'
  const astray = await altered((lines) => [...lines.filter(isRow), ...lines.filter((line) => !isRow(line))])
  t.ok(astray.includes('inserted'), 'rows before the segments')
  const again = { kind: 'again', tenant: 't3' } as const
  const end = (lines: readonly ProofLine[]) => lines.slice(-1)
  const left = await altered((lines) => [...lines.slice(0, -1), again, ...end(lines)])
  t.ok(left.length > 0, 'nothing follows')
  const whole = await altered((lines) => [
    ...lines.slice(0, -1),
    again,
    ...lines.filter((line) => isOf('t3')(line) && (line.kind === 'head' || line.kind === 'segment')),
    ...end(lines),
  ])
  t.ok(whole.includes('cut-tail'), 'the segments follow without their rows')
})
