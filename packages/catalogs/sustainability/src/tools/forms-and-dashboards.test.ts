import { ToolFailure } from '@gatehouse/catalog'
import { test } from 'tap'
import { fillSample, openSustainability, principalOf } from '../sustainability.fixture.ts'
import { createDashboard } from './create-dashboard.ts'
import { createDashboardWidget } from './create-dashboard-widget.ts'
import { createForm } from './create-form.ts'
import { getDashboard } from './get-dashboard.ts'
import { getFormElements } from './get-form-elements.ts'
import { getSubmissionValues } from './get-submission-values.ts'
import { listDashboards } from './list-dashboards.ts'
import { listFormDeployments } from './list-form-deployments.ts'
import { listFormSubmissions } from './list-form-submissions.ts'
import { listForms } from './list-forms.ts'
import { queryKpiData } from './query-kpi-data.ts'
import { updateDashboard } from './update-dashboard.ts'
import { updateDashboardWidget } from './update-dashboard-widget.ts'
import { updateForm } from './update-form.ts'

const fails = (code: string) => ({ constructor: ToolFailure, code })
const acme = principalOf('acme')
const METER = { label: 'Main meter', kind: 'number', unit: 'kWh', required: true }
const CHOICE = { label: 'Accessible?', kind: 'choice', options: ['yes', 'no'] }

test('forms, their answers, dashboards and KPI data', async (t) => {
  const house = await openSustainability(t)
  await fillSample(house, 'acme', 'acme')
  await fillSample(house, 'globex', 'CANARY', '_g')

  await t.test('a form is made with its elements in their order, a draft unless said otherwise', async (t) => {
    const made = await house.call(createForm, acme, { name: 'Meters', elements: [METER, CHOICE] })
    t.match(made, { formId: /^frm_/, status: 'draft' })
    t.equal(made.elementIds.length, 2)
    t.match(await house.takeEvents(), [{ subject: 'domain.acme.form.created' }])
    t.match(await house.call(getFormElements, acme, { formId: made.formId }), {
      form: { name: 'Meters', description: '', status: 'draft' },
      elements: [
        { id: made.elementIds[0], ...METER, options: [] },
        { id: made.elementIds[1], ...CHOICE, unit: null, required: false },
      ],
    })
  })

  await t.test('elements are changed, added, put in order and taken out; answers to those stay', async (t) => {
    const formId = 'frm_1'
    const before = (await house.call(getFormElements, acme, { formId })).elements
    const elements = [METER, { ...before[0], unit: 'kWh', label: 'Meter, read twice' }]
    const { options: _none, ...kept } = elements[1] as Record<string, unknown>
    const changed = await house.call(updateForm, acme, { formId, status: 'archived', elements: [METER, kept] })
    t.equal(changed.status, 'archived')
    t.equal(changed.elementIds[1], before[0].id)
    const after = (await house.call(getFormElements, acme, { formId })).elements
    t.match(after, [{ label: 'Main meter' }, { id: before[0].id, label: 'Meter, read twice' }])
    t.equal(after.length, 2, 'the choice is gone')
    const { values } = await house.call(getSubmissionValues, acme, { submissionId: 'sub_1' })
    t.match(
      values.map(({ value }: { value: unknown }) => value).sort(),
      [42, 'yes'],
      'both answers are there, that of the retired element too',
    )
  })

  await t.test('contradictions between elements are named by their place', async (t) => {
    const make = (...elements: object[]) => house.call(createForm, acme, { name: 'x', elements })
    await t.rejects(make(METER, { label: 'a', kind: 'choice' }), { code: 'contradiction', message: /^Element 2 / })
    await t.rejects(make({ label: 'a', kind: 'choice', options: ['one', 'one'] }), fails('contradiction'))
    await t.rejects(make({ label: 'a', kind: 'text', options: ['one', 'two'] }), fails('contradiction'))
    await t.rejects(make({ label: 'a', kind: 'date', unit: 'kWh' }), fails('contradiction'))
    const formId = (await house.call(createForm, acme, { name: 'y', elements: [METER] })).formId
    const [id] = (await house.call(getFormElements, acme, { formId })).elements.map((one: { id: string }) => one.id)
    const change = (...elements: object[]) => house.call(updateForm, acme, { formId, elements })
    await t.rejects(change({ id, label: 'Main meter', kind: 'text' }), fails('contradiction'), 'another kind')
    await t.rejects(change({ ...METER, id }, { ...METER, id }), fails('contradiction'), 'one id twice')
    await t.rejects(change({ ...METER, id: 'elm_2' }), fails('unknown_element'), "another form's element")
    await t.rejects(change({ ...METER, id: 'elm_1_g' }), fails('unknown_element'), "another tenant's element")
    await t.rejects(house.call(updateForm, acme, { formId }), fails('nothing_to_update'))
    t.equal((await house.call(getFormElements, acme, { formId })).elements.length, 1, 'nothing was changed')
    t.notOk(createForm.input.safeParse({ name: 'z', elements: Array(101).fill(METER) }).success)
  })

  await t.test('forms, deployments and submissions are listed with what they are filtered by', async (t) => {
    const { forms, nextCursor } = await house.call(listForms, acme, { limit: 1 })
    t.equal(forms.length, 1)
    const rest = await house.call(listForms, acme, { cursor: nextCursor })
    t.notOk(rest.forms.some(({ id }: { id: string }) => id === forms[0].id))
    t.match(await house.call(listFormDeployments, acme, { formId: 'frm_1', siteId: 'sit_hq', status: 'open' }), {
      deployments: [{ id: 'dpl_1', formName: 'acme', siteName: 'acme', dueOn: '2026-02-10', submissionCount: 1 }],
    })
    t.same((await house.call(listFormDeployments, acme, { status: 'closed' })).deployments, [])
    const wanted = { formId: 'frm_1', deploymentId: 'dpl_1', siteId: 'sit_hq', status: 'submitted' }
    t.match(await house.call(listFormSubmissions, acme, wanted), {
      submissions: [{ id: 'sub_1', submittedBy: 'acme', submittedAt: '2026-02-03T10:00:00.000Z' }],
    })
    await t.rejects(house.call(listFormSubmissions, acme, { deploymentId: 'dpl_1_g' }), fails('unknown_deployment'))
    await t.rejects(house.call(listFormSubmissions, acme, { siteId: 'sit_hq_g' }), fails('unknown_site'))
    await t.rejects(house.call(listFormDeployments, acme, { formId: 'frm_1_g' }), fails('unknown_form'))
  })

  await t.test('a dashboard shows widgets of things that are there, one each', async (t) => {
    const { id: dashboardId } = await house.call(createDashboard, acme, { name: 'Board' })
    await house.takeEvents()
    const add = (input: object) =>
      house.call(createDashboardWidget, acme, { dashboardId, title: 'W', kind: 'line', ...input })
    const widget = await add({ indicatorId: 'kpi_1' })
    t.match(widget, { position: 0, indicatorId: 'kpi_1', datasetId: null })
    t.match(await add({ datasetId: 'dst_1' }), { position: 1 })
    await t.rejects(add({}), fails('contradiction'))
    await t.rejects(add({ indicatorId: 'kpi_1', datasetId: 'dst_1' }), fails('contradiction'))
    await t.rejects(add({ indicatorId: 'kpi_1_g' }), fails('unknown_indicator'))
    await t.rejects(add({ datasetId: 'dst_1_g' }), fails('unknown_dataset'))
    await t.rejects(add({ dashboardId: 'dsh_1_g', indicatorId: 'kpi_1' }), fails('unknown_dashboard'))
    t.match(await house.takeEvents(), [
      { subject: 'domain.acme.dashboard.updated', event: { data: { widgetId: widget.id } } },
      { subject: 'domain.acme.dashboard.updated' },
    ])
    const change = (input: object) => house.call(updateDashboardWidget, acme, { widgetId: widget.id, ...input })
    t.match(await change({ datasetId: 'dst_1', kind: 'bar' }), { indicatorId: null, datasetId: 'dst_1', kind: 'bar' })
    t.match(await change({ title: 'Bars' }), { datasetId: 'dst_1', title: 'Bars' }, 'what is left out stays')
    await t.rejects(change({}), fails('nothing_to_update'))
    await t.rejects(
      house.call(updateDashboardWidget, acme, { widgetId: 'wdg_1_g', title: 'x' }),
      fails('unknown_widget'),
    )
    t.match(await house.call(getDashboard, acme, { dashboardId }), {
      dashboard: { name: 'Board', widgetCount: 2 },
      widgets: [{ id: widget.id, title: 'Bars' }, { position: 1 }],
    })
    t.match(await house.call(updateDashboard, acme, { dashboardId, description: 'For all' }), {
      name: 'Board',
      description: 'For all',
    })
    await t.rejects(house.call(updateDashboard, acme, { dashboardId }), fails('nothing_to_update'))
    t.equal((await house.call(listDashboards, acme, {})).dashboards.length, 2)
  })

  await t.test('a dashboard takes 50 widgets and says so', async (t) => {
    const { id: dashboardId } = await house.call(createDashboard, acme, { name: 'Full' })
    const add = () =>
      house.call(createDashboardWidget, acme, { dashboardId, title: 'W', kind: 'line', indicatorId: 'kpi_1' })
    for (let n = 0; n < 50; n += 1) await add()
    await t.rejects(add(), fails('contradiction'))
  })

  await t.test('KPI data come by month, quarter and year, as the indicator adds up', async (t) => {
    const ask = (input: object) =>
      house.call(queryKpiData, acme, { indicatorId: 'kpi_1', from: '2025-01', to: '2025-12', ...input })
    t.same(await ask({}), {
      indicatorId: 'kpi_1',
      name: 'acme',
      unit: 't',
      siteId: null,
      points: [1, 2, 3, 4].map((value) => ({ period: `2025-0${value}`, value })),
    })
    t.same((await ask({ granularity: 'quarter' })).points, [
      { period: '2025-Q1', value: 6 },
      { period: '2025-Q2', value: 4 },
    ])
    t.same((await ask({ granularity: 'year', from: '2025-02' })).points, [{ period: '2025', value: 9 }])
    t.same((await ask({ siteId: 'sit_hq' })).points, [], 'nothing was measured there')
    await t.rejects(ask({ from: '2026-01' }), fails('contradiction'))
    await t.rejects(ask({ from: '2001-01' }), fails('contradiction'))
    await t.rejects(ask({ siteId: 'sit_hq_g' }), fails('unknown_site'))
    t.notOk(queryKpiData.input.safeParse({ indicatorId: 'k', from: '2025-13', to: '2025-12' }).success)
  })
})
