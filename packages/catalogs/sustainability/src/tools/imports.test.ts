import { ToolFailure } from '@gatehouse/catalog'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { fillSample, NOW, openSustainability, principalOf } from '../sustainability.fixture.ts'
import { applyImport } from './apply-import.ts'
import { getImport } from './get-import.ts'
import { listActivities } from './list-activities.ts'
import { listDatasets } from './list-datasets.ts'
import { previewImport } from './preview-import.ts'
import { updateSite } from './update-site.ts'

const fails = (code: string) => ({ constructor: ToolFailure, code })
const acme = principalOf('acme')
const HEADER = 'date,site,quantity,unit,factor,description'
const GOOD = `${HEADER}\n2026-01-31,hq,1000,kWh,grid,January\n2026-02-28,hq,1.5,MWh,grid,February\n2026-02-28,hq,50,tkm,truck,\n`
const MIXED = `${GOOD}2026-02-30,nowhere,x,kWh,grid,\n`
const later = (hours: number) => new Date(NOW.getTime() + hours * 3_600_000)

test('imports', async (t) => {
  const house = await openSustainability(t)
  await fillSample(house, 'acme', 'acme')
  await fillSample(house, 'globex', 'CANARY', '_g')
  const preview = (csv = GOOD, input: object = {}, over: object = {}) =>
    house.call(previewImport, acme, { datasetId: 'dst_1', csv, ...input }, over)
  const apply = (importId: string, input: object = {}, over: object = {}) =>
    house.call(applyImport, acme, { importId, ...input }, over)
  const counted = async () => (await house.call(listDatasets, acme, {})).datasets[0].activityCount as number

  await t.test('a preview tells totals and errors, and records nothing', async (t) => {
    const shown = await preview(MIXED, { fileName: 'bills.csv' })
    t.match(shown, {
      importId: /^imp_/,
      status: 'previewed',
      validRows: 3,
      errorRows: 1,
      co2eKg: 1004,
      expiresAt: later(24).toISOString(),
      appliedBefore: null,
    })
    t.match(shown.errors, [/^line 5, date: /, /^line 5, site: /, /^line 5, quantity: /])
    t.equal(await counted(), 0)
    t.same((await house.call(listActivities, acme, {})).activities, [])
    t.strictSame(await house.takeEvents(), [], 'nothing happened')
    const { appliedBefore: _, ...same } = shown
    t.same(await house.call(getImport, acme, { importId: shown.importId }), same)
  })

  await t.test('an import with errors is applied only when they may be left out', async (t) => {
    const { importId } = await preview(MIXED)
    await t.rejects(apply(importId), { code: 'import_has_errors', message: /1 of 4 rows/ })
    t.equal(await counted(), 0)
    const steps: unknown[] = []
    const done = await apply(
      importId,
      { skipErrors: true },
      { progress: (...step: unknown[]) => void steps.push(step) },
    )
    t.match(done, { status: 'applied', validRows: 3, alreadyApplied: false })
    t.same(steps, [[3, 3, 'activities']])
    t.equal(await counted(), 3)
    const { activities } = await house.call(listActivities, acme, { datasetId: 'dst_1' })
    t.match(
      activities.map(({ co2eKg }: { co2eKg: number }) => co2eKg).sort((a: number, b: number) => a - b),
      [4, 400, 600],
    )
    t.match(await house.takeEvents(), [
      { subject: 'domain.acme.import.applied', event: { data: { importId, datasetId: 'dst_1', activities: 3 } } },
    ])
  })

  await t.test(
    'a second apply has no effect and tells what the first one did; a second preview tells of it',
    async (t) => {
      const { importId } = await preview()
      t.match(await apply(importId), { alreadyApplied: false })
      const before = await counted()
      await house.takeEvents()
      t.match(await apply(importId), { importId, status: 'applied', validRows: 3, alreadyApplied: true })
      t.match(await apply(importId, {}, { now: later(1_000) }), { alreadyApplied: true }, 'long after too')
      t.equal(await counted(), before)
      t.strictSame(await house.takeEvents(), [])
      t.equal((await preview()).appliedBefore, importId)
    },
  )

  await t.test('what was shown and no longer holds is not applied', async (t) => {
    const { importId } = await preview()
    const archive = (status: string) => house.call(updateSite, acme, { siteId: 'sit_hq', status })
    await archive('archived')
    await t.rejects(apply(importId), fails('import_stale'))
    await archive('active')
    const expired = (await preview()).importId
    await t.rejects(apply(expired, {}, { now: later(24) }), fails('import_expired'))
    const empty = (await preview(`${HEADER}\nx,x,x,x,x,x`)).importId
    await t.rejects(apply(empty, { skipErrors: true }), fails('import_empty'))
    await house.takeEvents()
  })

  await t.test('a call that is given up leaves the import as it was', async (t) => {
    const { importId } = await preview()
    const before = await counted()
    const gone = AbortSignal.abort(new Error('the client is gone'))
    await t.rejects(apply(importId, {}, { signal: gone }), /the client is gone/)
    t.equal(await counted(), before)
    t.match(await apply(importId), { alreadyApplied: false }, 'and it can be applied later')
  })

  await t.test('files that are no tables, too large, or for a dataset that is not there are refused', async (t) => {
    await t.rejects(preview('no table'), fails('csv_malformed'))
    await t.rejects(preview(GOOD, { delimiter: ';' }), fails('csv_malformed'))
    for (const datasetId of ['dst_1_g', 'none', 'a b', '']) {
      await t.rejects(preview(GOOD, { datasetId }), fails('unknown_dataset'))
    }
    t.notOk(previewImport.input.safeParse({ datasetId: 'dst_1', csv: 'x'.repeat(500_001) }).success)
    t.notOk(previewImport.input.safeParse({ datasetId: 'dst_1', csv: GOOD, delimiter: '|' }).success)
    t.notOk(previewImport.input.safeParse({ datasetId: 'dst_1', csv: 'a\0b' }).success)
    for (const importId of ['imp_none', 'a b', '']) await t.rejects(apply(importId), fails('unknown_import'))
  })

  await t.test("another tenant's import is unknown, and its sites and factors are no codes", async (t) => {
    const { importId } = await preview()
    const globex = principalOf('globex')
    await t.rejects(house.call(applyImport, globex, { importId }), fails('unknown_import'))
    await t.rejects(house.call(getImport, globex, { importId }), fails('unknown_import'))
    const theirs = { datasetId: 'dst_1_g', csv: `${HEADER}\n2026-01-31,hq,1,kWh,grid,x` }
    t.match(await house.call(previewImport, globex, theirs), { validRows: 1 })
  })

  await t.test('of one person ten previews are kept, applied imports all', async (t) => {
    const ids: string[] = []
    for (let n = 0; n < 12; n += 1) ids.push((await preview(GOOD, {}, { now: later(n / 100) })).importId)
    await t.rejects(apply(ids[1] ?? ''), fails('unknown_import'))
    t.match(await apply(ids[2] ?? ''), { alreadyApplied: false })
    const left = await house.host.as('gatehouse_mcp').asTenant('acme', (tx) =>
      tx.rows<{ status: string; count: number }>(sql`
        select status, count(*)::int as count from sustainability.imports group by status order by status`),
    )
    t.match(left, [
      { status: 'applied', count: 4 },
      { status: 'previewed', count: 9 },
    ])
  })

  await t.test('with 10,000 rows the progress grows to the end', async (t) => {
    const rows = Array.from({ length: 10_000 }, (_, n) => `2026-01-31,hq,${n},kWh,grid,n`).join('\n')
    const steps: number[] = []
    const progress = (done: number) => void steps.push(done)
    const { importId, validRows } = await preview(`${HEADER}\n${rows}`, {}, { progress })
    t.equal(validRows, 10_000)
    t.same(steps, [2_000, 4_000, 6_000, 8_000, 10_000])
    steps.length = 0
    const before = await counted()
    await apply(importId, {}, { progress })
    t.same(
      steps,
      Array.from({ length: 10 }, (_, n) => (n + 1) * 1_000),
    )
    t.equal(await counted(), before + 10_000)
  })
})
