import { ToolFailure } from '@gatehouse/catalog'
import { test } from 'tap'
import { sustainability } from './catalog.ts'
import { fillSample, openSustainability, principalOf } from './sustainability.fixture.ts'
import { createActivity } from './tools/create-activity.ts'
import { previewImport } from './tools/preview-import.ts'

const acme = principalOf('acme')
const globex = principalOf('globex')
const CSV = 'date,site,quantity,unit,factor\n2026-01-31,hq,1,kWh,grid'
const DAYS = { from: '2020-01-01', to: '2026-12-31' }

/**
 * Each tool with arguments that are good where the ids are one's own. `ids`: the arguments that name something, with the ids that the other
 * tenant has and this one has not.
 */
const CALLS: Readonly<
  Record<string, { readonly good: Readonly<Record<string, unknown>>; readonly ids?: Readonly<Record<string, string>> }>
> = {
  get_my_profile: { good: {} },
  get_current_organization: { good: {} },
  list_users: { good: {} },
  list_sites: { good: {} },
  list_forms: { good: {} },
  get_form_elements: { good: { formId: 'frm_1' }, ids: { formId: 'frm_1_g' } },
  list_form_deployments: { good: {}, ids: { formId: 'frm_1_g', siteId: 'sit_hq_g' } },
  list_form_submissions: { good: {}, ids: { formId: 'frm_1_g', siteId: 'sit_hq_g', deploymentId: 'dpl_1_g' } },
  get_submission_values: { good: { submissionId: 'sub_1' }, ids: { submissionId: 'sub_1_g' } },
  list_dashboards: { good: {} },
  get_dashboard: { good: { dashboardId: 'dsh_1' }, ids: { dashboardId: 'dsh_1_g' } },
  list_datasets: { good: {} },
  list_kpi_indicators: { good: {} },
  query_kpi_data: {
    good: { indicatorId: 'kpi_1', from: '2025-01', to: '2025-12' },
    ids: { indicatorId: 'kpi_1_g', siteId: 'sit_hq_g' },
  },
  list_emission_factors: { good: { query: 'acme' } },
  list_activities: { good: DAYS, ids: { datasetId: 'dst_1_g', siteId: 'sit_hq_g' } },
  create_form: { good: { name: 'New' } },
  update_form: { good: { formId: 'frm_1', name: 'acme' }, ids: { formId: 'frm_1_g' } },
  create_dashboard: { good: { name: 'New' } },
  update_dashboard: { good: { dashboardId: 'dsh_1', name: 'acme' }, ids: { dashboardId: 'dsh_1_g' } },
  create_dashboard_widget: {
    good: { dashboardId: 'dsh_1', title: 'New', kind: 'line', indicatorId: 'kpi_1' },
    ids: { dashboardId: 'dsh_1_g', indicatorId: 'kpi_1_g' },
  },
  update_dashboard_widget: {
    good: { widgetId: 'wdg_1', indicatorId: 'kpi_1' },
    ids: { widgetId: 'wdg_1_g', indicatorId: 'kpi_1_g' },
  },
  preview_import: { good: { datasetId: 'dst_1', csv: CSV }, ids: { datasetId: 'dst_1_g' } },
  get_import: { good: { importId: 'OWN' }, ids: { importId: 'FOREIGN' } },
  apply_import: { good: { importId: 'OWN' }, ids: { importId: 'FOREIGN' } },
  create_activity: {
    good: {
      datasetId: 'dst_1',
      siteId: 'sit_hq',
      date: '2026-01-31',
      quantity: 1,
      unit: 'kWh',
      factorId: 'fac_grid',
    },
    ids: { datasetId: 'dst_1_g', siteId: 'sit_hq_g', factorId: 'fac_grid_g' },
  },
  update_activity: {
    good: { activityId: 'OWN', siteId: 'sit_hq', factorId: 'fac_grid' },
    ids: { activityId: 'FOREIGN', siteId: 'sit_hq_g', factorId: 'fac_grid_g' },
  },
  recalculate_activities: { good: { datasetId: 'dst_1' }, ids: { datasetId: 'dst_1_g', factorId: 'fac_grid_g' } },
  create_site: { good: { code: 'new', name: 'New', kind: 'office', country: 'DE' } },
  update_site: { good: { siteId: 'sit_hq', name: 'acme' }, ids: { siteId: 'sit_hq_g' } },
  update_member_role: { good: { userId: 'person_acme_member', role: 'member' }, ids: { userId: 'person_globex' } },
}

test('every tool keeps to its tenant, and refuses what is malformed, oversized or foreign in words', async (t) => {
  const house = await openSustainability(t)
  await fillSample(house, 'acme', 'acme')
  await fillSample(house, 'globex', 'CANARY', '_g')
  const bill = { date: '2026-01-31', quantity: 1, unit: 'kWh' }
  const of = (mark: string) => ({ datasetId: `dst_1${mark}`, siteId: `sit_hq${mark}`, factorId: `fac_grid${mark}` })
  const made = {
    update_activity: {
      OWN: (await house.call(createActivity, acme, { ...bill, ...of('') })).id,
      FOREIGN: (await house.call(createActivity, globex, { ...bill, ...of('_g'), description: 'CANARY' })).id,
    },
    imports: {
      OWN: (await house.call(previewImport, acme, { datasetId: 'dst_1', csv: CSV })).importId,
      FOREIGN: (await house.call(previewImport, globex, { datasetId: 'dst_1_g', csv: CSV, fileName: 'CANARY' }))
        .importId,
    },
  }
  /** Ids that are drawn, in the places that the table leaves for them. */
  const fill = (name: string, input: Readonly<Record<string, unknown>>) => {
    const ids = name === 'update_activity' ? made.update_activity : made.imports
    return Object.fromEntries(
      Object.entries(input).map(([key, value]) => [key, value === 'OWN' || value === 'FOREIGN' ? ids[value] : value]),
    )
  }
  t.same(Object.keys(CALLS).sort(), sustainability.tools.map(({ name }) => name).sort(), 'no tool is left out')

  for (const tool of sustainability.tools) {
    const { good: template, ids = {} } = CALLS[tool.name] ?? { good: {} }
    const good = fill(tool.name, template)
    const foreign = fill(tool.name, ids)

    await t.test(`${tool.name} answers its own tenant and tells nothing of another`, async (t) => {
      const text = JSON.stringify(await house.call(tool, acme, good))
      t.notMatch(text, /CANARY|_g"|globex/i)
      // The same for the other tenant finds its rows: what was not told above is there.
      const theirs = Object.fromEntries(Object.keys(good).map((key) => [key, foreign[key] ?? good[key]]))
      if (tool.effect === 'reads' && tool.name !== 'get_import') {
        const wanted = tool.name === 'list_emission_factors' ? { query: 'canary' } : theirs
        t.match(JSON.stringify(await house.call(tool, globex, wanted)), /CANARY|globex/)
      }
    })

    for (const [argument, id] of Object.entries(foreign)) {
      await t.test(`${tool.name} does not know another tenant's ${argument}, nor what can be none`, async (t) => {
        const event = await house.takeEvents()
        t.ok(event)
        for (const value of [id, "x' or true --", 'a\0b', 'x'.repeat(10_000)]) {
          const refusal = await house.call(tool, acme, { ...good, [argument]: value }).then(
            (answer) => t.fail(`it answered ${JSON.stringify(answer)}`),
            (error: unknown) => error as ToolFailure,
          )
          if (!(refusal instanceof ToolFailure)) continue
          t.match(refusal.code, /^unknown_/, String(value).slice(0, 20))
          t.match(refusal.message, /[a-z]+_[a-z]+/, 'it names a tool that gives ids')
          t.ok(refusal.message.length < 400)
        }
        t.strictSame(await house.takeEvents(), [], 'nothing was announced')
      })
    }

    await t.test(`${tool.name} takes nothing else than it says`, async (t) => {
      t.notOk(tool.input.safeParse({ ...good, tenantId: 'globex' }).success, 'an argument that is unknown')
      for (const key of Object.keys(good)) {
        for (const value of [null, 42n, { a: 1 }, [['a']]]) {
          t.notOk(tool.input.safeParse({ ...good, [key]: value }).success && value !== null, `${key}: ${typeof value}`)
        }
      }
      if ('cursor' in tool.input.shape) {
        t.notOk(tool.input.safeParse({ ...good, cursor: 'x'.repeat(1_001) }).success)
        for (const limit of [0, 101, 1.5, '5']) t.notOk(tool.input.safeParse({ ...good, limit }).success)
        const { query: _, ...listed } = good
        for (const cursor of ['', 'nonsense', Buffer.from('{"list":"sites","key":1}').toString('base64url')]) {
          await t.rejects(house.call(tool, acme, { ...listed, cursor }), { code: 'bad_cursor' })
        }
      }
    })
  }

  await t.test('search of factors finds words in any place, the last unfinished, and only of the tenant', async (t) => {
    const [initech, umbrella] = [principalOf('initech'), principalOf('umbrella')]
    await fillSample(house, 'initech', 'Grid électricité Deutschland', '_i')
    await fillSample(house, 'umbrella', 'CANARY grid', '_u')
    const tool = sustainability.tools.find(({ name }) => name === 'list_emission_factors')
    if (tool === undefined) throw new Error('no search')
    const find = async (query: string, tenant = initech, category?: string) => {
      const input = { query, ...(category === undefined ? {} : { category }) }
      return (await house.call(tool, tenant, input)).factors.map(({ code }: { code: string }) => code).sort()
    }
    for (const [query, codes] of [
      ['grid', ['grid', 'truck']],
      ['truck', ['truck']],
      ['DEUTSCH', ['grid', 'truck']],
      ['électr', ['grid', 'truck']],
      ['europe 2025 tru', ['truck']],
      ['grid nonsense', []],
      ['', []],
      ['  ', []],
      ["!&|():*'\\ --", []],
      ["o'brien' | \\", []],
      ['\u0001initech', []],
      ['\u0001umbrella', []],
      ['CANARY', []],
      ['x'.repeat(200), []],
    ] as const) {
      t.same(await find(query), codes, JSON.stringify(query))
    }
    t.same(await find('grid', initech, 'heat'), [])
    t.same(await find('canary', umbrella), ['grid', 'truck'])
    t.same(await find('grid', principalOf('nobody')), [])
  })
})
