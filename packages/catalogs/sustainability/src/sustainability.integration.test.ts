import { ident, openDatabase, sql, type Tx } from '@gatehouse/database'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { sustainability } from './catalog.ts'
import { fillSample, NOW, openSustainability, principalOf } from './sustainability.fixture.ts'
import { applyImport } from './tools/apply-import.ts'
import { createActivity } from './tools/create-activity.ts'
import { createDashboardWidget } from './tools/create-dashboard-widget.ts'
import { createSite } from './tools/create-site.ts'
import { getDashboard } from './tools/get-dashboard.ts'
import { getFormElements } from './tools/get-form-elements.ts'
import { getImport } from './tools/get-import.ts'
import { listActivities } from './tools/list-activities.ts'
import { listDatasets } from './tools/list-datasets.ts'
import { listEmissionFactors } from './tools/list-emission-factors.ts'
import { previewImport } from './tools/preview-import.ts'
import { recalculateActivities } from './tools/recalculate-activities.ts'
import { updateActivity } from './tools/update-activity.ts'
import { updateForm } from './tools/update-form.ts'

const acme = principalOf('acme')
const MANY = Array.from({ length: 50 }, (_, n) => n)
const BILL = { datasetId: 'dst_1', siteId: 'sit_hq', date: '2026-02-28', unit: 'kWh', factorId: 'fac_grid' }

test('the sustainability catalog on PostgreSQL', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([sustainability.schema])
  const house = await openSustainability(t, host)
  await fillSample(house, 'acme', 'acme')
  await fillSample(house, 'globex', 'CANARY', '_g')
  const db = host.as(sustainability.schema.role)
  const count = (tenant = 'acme') =>
    db.asTenant(tenant, (tx) =>
      tx.one<{ rows: number; counted: number }>(sql`
        select (select count(*)::int from sustainability.activities) as rows,
          (select sum(activity_count)::int from sustainability.datasets) as counted`),
    )

  await t.test('50 applies of one import at once have one effect, and all tell the same of it [Z4]', async (t) => {
    const rows = MANY.map((n) => `2026-01-31,hq,${n},kWh,grid,row ${n}`).join('\n')
    const csv = `date,site,quantity,unit,factor,description\n${rows}`
    const { importId } = await house.call(previewImport, acme, { datasetId: 'dst_1', csv })
    await house.takeEvents()
    const answers = await Promise.all(MANY.map(() => house.call(applyImport, acme, { importId })))
    t.equal(answers.filter(({ alreadyApplied }) => alreadyApplied === false).length, 1)
    t.ok(answers.every(({ status, validRows }) => status === 'applied' && validRows === 50))
    t.same(await count(), { rows: 50, counted: 50 })
    const events = await house.takeEvents()
    t.match(events, [{ subject: 'domain.acme.import.applied', event: { data: { activities: 50 } } }])
    t.equal(events.length, 1)
  })

  await t.test(
    'an import that is applied while its person previews more is neither lost nor recorded twice',
    async (t) => {
      const csv = 'date,site,quantity,unit,factor\n2026-01-31,hq,1,kWh,grid'
      const { importId } = await house.call(previewImport, acme, { datasetId: 'dst_1', csv })
      const later = (n: number) => ({ now: new Date(NOW.getTime() + n + 1) })
      const preview = (n: number) => house.call(previewImport, acme, { datasetId: 'dst_1', csv }, later(n))
      const before = (await count()).rows
      const [applied] = await Promise.allSettled([
        house.call(applyImport, acme, { importId }),
        ...MANY.slice(0, 15).map(preview),
      ])
      const known = await house.call(getImport, acme, { importId }).then(
        ({ status }) => status as string,
        () => 'forgotten',
      )
      t.equal(known, applied.status === 'fulfilled' ? 'applied' : 'forgotten')
      t.equal((await count()).rows, before + (applied.status === 'fulfilled' ? 1 : 0))
      await house.takeEvents()
    },
  )

  await t.test(
    'activities at once are all counted, and corrections of one at once leave one of them whole',
    async (t) => {
      const before = (await count()).rows
      await Promise.all(MANY.map((n) => house.call(createActivity, acme, { ...BILL, quantity: n })))
      t.same(await count(), { rows: before + 50, counted: before + 50 })
      const { id: activityId } = await house.call(createActivity, acme, { ...BILL, quantity: 1 })
      await house.takeEvents()
      await Promise.all(
        MANY.map((n) =>
          n % 2 === 0
            ? house.call(updateActivity, acme, { activityId, quantity: n, unit: 'kWh' })
            : house.call(updateActivity, acme, { activityId, quantity: n, unit: 'MWh' }),
        ),
      )
      t.equal((await house.takeEvents()).length, 50)
      const { activities } = await house.call(listActivities, acme, { datasetId: 'dst_1', limit: 100 })
      const found = activities.find(({ id }: { id: string }) => id === activityId)
      const scale = found.unit === 'MWh' ? 1000 : 1
      t.equal(found.co2eKg, Math.round(found.quantity * scale * 0.4 * 1e6) / 1e6, 'quantity, unit and emissions fit')
      t.equal(found.quantity % 2 === 0, found.unit === 'kWh')
    },
  )

  await t.test('corrections of different facts of one activity at once are both there', async (t) => {
    const { id: activityId } = await house.call(createActivity, acme, { ...BILL, quantity: 1 })
    for (let n = 1; n <= 10; n += 1) {
      await Promise.all([
        house.call(updateActivity, acme, { activityId, quantity: n }),
        house.call(updateActivity, acme, { activityId, description: `round ${n}` }),
        house.call(updateActivity, acme, { activityId, date: `2026-01-${10 + n}` }),
      ])
      const { activities } = await house.call(listActivities, acme, { to: '2026-02-01', limit: 100 })
      const found = activities.find(({ id }: { id: string }) => id === activityId)
      t.match(found, { quantity: n, description: `round ${n}`, date: `2026-01-${10 + n}` })
    }
  })

  await t.test('50 recalculations at once change each activity once', async (t) => {
    await db.asTenant('acme', (tx) =>
      tx.run(sql`
        insert into sustainability.emission_factors (id, code, name, category, ghg_scope, region, year, source, unit, kg_co2e, updated_at)
        values ('fac_new', 'grid-new', 'Grid', 'electricity', 2, 'Europe', 2026, 'x', 'kWh', 0.5, ${NOW})`),
    )
    await house.takeEvents()
    const ask = { datasetId: 'dst_1', factorId: 'fac_new' }
    const answers = await Promise.all(MANY.map(() => house.call(recalculateActivities, acme, ask)))
    const { rows } = await count()
    t.equal(
      answers.reduce((sum, { changed }) => sum + (changed as number), 0),
      rows,
    )
    t.equal((await house.takeEvents()).length, answers.filter(({ changed }) => changed > 0).length)
  })

  await t.test(
    'a code is given once, a dashboard is filled to its last place, a form has one list of elements',
    async (t) => {
      const site = { code: 'wanted', name: 'Wanted by many', kind: 'office', country: 'DE' }
      const sites = await Promise.allSettled(MANY.map(() => house.call(createSite, acme, site)))
      t.equal(sites.filter(({ status }) => status === 'fulfilled').length, 1)
      t.ok(
        sites.every((end) => end.status === 'fulfilled' || (end.reason as { code: string }).code === 'code_taken'),
        'the others are told why',
      )
      const widget = { dashboardId: 'dsh_1', title: 'W', kind: 'line', indicatorId: 'kpi_1' }
      const widgets = await Promise.allSettled(MANY.map(() => house.call(createDashboardWidget, acme, widget)))
      t.equal(widgets.filter(({ status }) => status === 'fulfilled').length, 49, 'one was there')
      t.ok(
        widgets.every((end) => end.status === 'fulfilled' || (end.reason as { code: string }).code === 'contradiction'),
        'the one too many is told why',
      )
      const shown = await house.call(getDashboard, acme, { dashboardId: 'dsh_1' })
      t.equal(new Set(shown.widgets.map(({ position }: { position: number }) => position)).size, 50)
      t.equal(shown.dashboard.widgetCount, 50)
      const lists = [['a', 'b'], ['c'], ['d', 'e', 'f']]
      await Promise.all(
        MANY.map((n) => {
          const elements = (lists[n % 3] ?? []).map((label) => ({ label, kind: 'text' }))
          return house.call(updateForm, acme, { formId: 'frm_1', elements })
        }),
      )
      const { elements } = await house.call(getFormElements, acme, { formId: 'frm_1' })
      const labels = elements.map(({ label }: { label: string }) => label)
      t.ok(
        lists.some((list) => list.join() === labels.join()),
        `${labels} is one of the lists`,
      )
    },
  )

  await t.test('the run-time role is held to the tenant, row by row and column by column', async (t) => {
    const tables = await db.asPlatform('test', (tx) =>
      tx.rows<{ name: string }>(sql`
        select c.relname as name from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
        where c.relnamespace = 'sustainability'::regnamespace and c.relkind = 'r'`),
    )
    t.equal(tables.length, 15)
    for (const { name } of tables) {
      const rows = sql`select tenant_id from ${ident(`sustainability.${name}`)}`
      t.same(await db.asPlatform('test', (tx) => tx.rows(rows)), [], `${name}: no tenant, no rows`)
      const seen = await db.asTenant('globex', (tx) => tx.rows<{ tenant_id: string }>(rows))
      t.ok(
        seen.every(({ tenant_id }) => tenant_id === 'globex'),
        `${name}: own rows only`,
      )
    }
    const globex = (statement: ReturnType<typeof sql>) => db.asTenant('globex', (tx) => tx.run(statement))
    t.equal(await globex(sql`update sustainability.sites set name = 'x' where id = 'sit_hq'`), 0)
    for (const [statement, why] of [
      [
        sql`insert into sustainability.sites (tenant_id, id, code, name, kind, country, created_at, updated_at)
        values ('acme', 'x', 'x', 'x', 'office', 'DE', now(), now())`,
        'a row for another tenant',
      ],
      [sql`delete from sustainability.activities`, 'deleting what was recorded'],
      [sql`update sustainability.activities set tenant_id = 'acme'`, 'moving a row'],
      [sql`update sustainability.activities set dataset_id = 'dst_1_g'`, 'moving an activity'],
      [sql`update sustainability.emission_factors set kg_co2e = 0`, 'changing a factor'],
      [sql`update sustainability.imports set content_sha256 = ''`, 'rewriting an import'],
    ] as const) {
      await t.rejects(globex(statement), { code: '42501' }, why)
    }
    t.same(await db.asTenant('globex', (tx) => tx.rows(sql`select * from sustainability.outbox`)), [])
  })

  await t.test('no row can point to another tenant', async (t) => {
    const into = (statement: ReturnType<typeof sql>) => db.asTenant('acme', (tx) => tx.run(statement))
    for (const [dataset, site, factor] of [
      ['dst_1_g', 'sit_hq', 'fac_grid'],
      ['dst_1', 'sit_hq_g', 'fac_grid'],
      ['dst_1', 'sit_hq', 'fac_grid_g'],
    ]) {
      await t.rejects(
        into(sql`
          insert into sustainability.activities (id, dataset_id, site_id, occurred_on, quantity, unit, factor_id, factor_kg_co2e,
            co2e_kg, calculated_at, created_by, created_at, updated_at)
          values ('act_x', ${dataset}, ${site}, '2026-01-01', 1, 'kWh', ${factor}, 1, 1, now(), 'p', now(), now())`),
        { code: '23503' },
      )
    }
    await t.rejects(
      into(sql`
        insert into sustainability.dashboard_widgets (id, dashboard_id, position, title, kind, indicator_id)
        values ('w', 'dsh_1', 0, 'x', 'line', 'kpi_1_g')`),
      { code: '23503' },
    )
  })

  await t.test('the search function gives nothing without a tenant, and to no other role', async (t) => {
    const search = sql`select * from sustainability.search_factors('acme', null, 50)`
    t.strictSame(await db.asPlatform('test', (tx) => tx.rows(search)), [])
    const facts = await db.asPlatform('test', (tx) =>
      tx.one(sql`
        select prosecdef, proconfig, has_function_privilege('public', oid, 'execute') as everybody
        from pg_proc where oid = 'sustainability.search_factors(text, text, integer)'::regprocedure`),
    )
    t.match(facts, { prosecdef: true, everybody: false })
    t.match(String(facts.proconfig), 'search_path=pg_catalog, pg_temp')
    t.match(await house.call(listEmissionFactors, acme, { query: 'acme tru' }), { factors: [{ code: 'truck' }] })
  })

  await t.test('the demo of two processes that start at once is written once', async (t) => {
    const people = [{ id: 'p1', email: 'owner@acme.test', name: 'Owner', role: 'owner' }]
    const tenant = { id: 'ten_demo', slug: 'acme', name: 'Acme', people }
    await Promise.all([sustainability.demo({ db, now: NOW }, tenant), sustainability.demo({ db, now: NOW }, tenant)])
    t.same(await count('ten_demo'), { rows: 180, counted: 180 })
    const { datasets } = await house.call(listDatasets, principalOf('ten_demo'), {})
    t.same(
      datasets.map(({ name }: { name: string }) => name),
      ['Business travel', 'Electricity', 'Heating', 'Van fuel'],
    )
    const sites = await db.asTenant('ten_demo', (tx: Tx) => tx.rows(sql`select code from sustainability.sites`))
    t.equal(sites.length, 6)
  })
})
