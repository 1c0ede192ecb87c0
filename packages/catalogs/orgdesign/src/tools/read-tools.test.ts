import { ToolFailure } from '@gatehouse/catalog'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { orgdesign } from '../catalog.ts'
import { openOrgDesign, principalOf } from '../orgdesign.fixture.ts'
import { organisation } from '../resources/organisation.ts'
import { scenario, scenarioChanges, scenarios } from '../resources/scenarios.ts'
import { unit } from '../resources/unit.ts'

const planner = principalOf('acme')
const viewer = principalOf('acme', { roles: ['viewer'] })
const narrowed = principalOf('acme', { scopes: new Set(['mcp:use', 'org-units.read']) })

test('the tools that read', async (t) => {
  const house = await openOrgDesign(t)
  await house.found('acme')
  const call = (name: string, input: object = {}, principal = planner) => {
    const tool = orgdesign.tools.find((one) => one.name === name)
    if (tool === undefined) throw new TypeError(name)
    return house.call(tool, principal, input)
  }
  const ids = (list: { items: { id: string }[] }) => list.items.map(({ id }) => id)

  await t.test('pages of every list join to the whole, each item once', async (t) => {
    for (const [name, input, all] of [
      ['org_unit.list', {}, ['unt_labs', 'unt_line', 'unt_ops', 'unt_plant', 'unt_top']],
      ['org_unit.list', { scenario_id: 'scn_draft', parent_id: 'unt_top' }, ['unt_labs', 'unt_ops']],
      ['team.list', {}, ['tem_day', 'tem_night']],
      ['placement.list', {}, ['plc_fitter', 'plc_open', 'plc_lead']],
      ['placement.list', { unit_id: 'unt_plant' }, ['plc_fitter', 'plc_lead']],
      ['placement.list', { vacant: false }, ['plc_fitter', 'plc_lead']],
      ['cost.list', {}, ['cst_wages', 'cst_tools']],
      ['scenario.list', {}, ['scn_review', 'scn_draft']],
    ] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await call(name, { ...input, limit: 1, ...(cursor === undefined ? {} : { cursor }) })
        seen.push(...ids(page))
        cursor = page.next_cursor
      } while (cursor !== undefined)
      t.same(seen, all, `${name} ${JSON.stringify(input)}`)
      t.same(ids(await call(name, input)), all)
    }
    const first = await call('org_metric.list', { limit: 1 })
    t.match(first.items, [{ name: 'scrap_rate', quarter: '2025-Q4', value: 3.5, target: 2 }])
    t.match((await call('org_metric.list', { cursor: first.next_cursor })).items, [
      { quarter: '2025-Q3', target: null },
    ])
  })

  await t.test('filters hold', async (t) => {
    t.same(ids(await call('org_unit.list', { kind: 'division' })), ['unt_labs', 'unt_ops'])
    t.same(ids(await call('org_unit.list', { status: 'closed' })), [])
    t.same(ids(await call('team.list', { unit_id: 'unt_line' })), ['tem_night'])
    t.same(ids(await call('placement.list', { team_id: 'tem_day' })), ['plc_fitter'])
    t.same(ids(await call('placement.list', { vacant: true })), ['plc_open'])
    t.same(ids(await call('cost.list', { category: 'other' })), ['cst_tools'])
    t.same(ids(await call('scenario.list', { status: 'draft' })), ['scn_draft'])
    t.same((await call('org_metric.list', { name: 'attrition_rate' })).items, [])
  })

  await t.test('the tree begins where it is asked to, and goes as far', async (t) => {
    const layered = async (input: object) =>
      (await call('org_unit.tree', input)).units.map(({ id, layer }: { id: string; layer: number }) => `${layer} ${id}`)
    t.same(await layered({ layers: 1 }), ['0 unt_top', '1 unt_labs', '1 unt_ops'])
    t.same(await layered({ unit_id: 'unt_ops', layers: 9 }), ['0 unt_ops', '1 unt_plant', '2 unt_line'])
  })

  await t.test('sums have all that lies below', async (t) => {
    t.match(await call('cost.summary', { unit_id: 'unt_ops' }), {
      unit_name: 'ops',
      totals: [{ currency: 'EUR', annual_amount: 129_000.5 }],
      by_category: [
        { category: 'salaries', items: 1, annual_amount: 120_000.5 },
        { category: 'other', annual_amount: 9_000 },
      ],
    })
    t.same((await call('cost.summary', { unit_id: 'unt_labs' })).totals, [])
  })

  await t.test('what a role may not see is in no answer [O6]', async (t) => {
    t.match(await call('org_unit.get', { unit_id: 'unt_plant' }), { staffing: { placements: 2, vacant: 0, fte: 2 } })
    t.equal((await call('org_unit.get', { unit_id: 'unt_plant' }, narrowed)).staffing, null)
    t.same(
      (await call('org.search', { q: 'fitter' }, narrowed)).results,
      [],
      'placements are left out of a search by who may not see them',
    )
    t.equal((await call('org.search', { q: 'fitter' })).results.length, 2)
    const { tools } = await call('capability.list', { kind: 'tool' }, viewer)
    t.notOk(tools.some(({ name }: { name: string }) => name.startsWith('cost.') || name.startsWith('scenario.action')))
    const guide = await call('org.review.guide', {}, viewer)
    t.notOk(guide.steps.some(({ tool }: { tool: string }) => tool.startsWith('cost.')))
    t.same((await call('scenario.review.guide', { scenario_id: 'scn_draft' }, viewer)).drafting, [])
    t.ok((await call('scenario.review.guide', { scenario_id: 'scn_draft' })).drafting.length > 0)
    t.same((await call('scenario.review.guide', { scenario_id: 'scn_review' })).drafting, [], 'it is no draft')
    await t.rejects(call('capability.explain', { name: 'cost.list' }, viewer), { code: 'unknown_capability' })
  })

  await t.test('a token that is narrowed to units reads the baseline, and no scenario [O7]', async (t) => {
    t.equal((await call('org_unit.list', {}, narrowed)).items.length, 5)
    for (const [name, input] of [
      ['org_unit.list', {}],
      ['org_unit.tree', {}],
      ['org_unit.get', { unit_id: 'unt_top' }],
      ['org.search', { q: 'ops' }],
    ] as const) {
      const refused = call(name, { ...input, scenario_id: 'scn_draft' }, narrowed)
      await t.rejects(refused, { constructor: ToolFailure, code: 'scope.narrowed', message: /scenarios\.read/ }, name)
    }
  })

  await t.test(
    'a scenario is compared with the baseline as that is now; costs only for who may see them',
    async (t) => {
      await house.asOwner(
        'acme',
        sql`
      update orgdesign.costs set annual_amount = 7000, drafted_at = '2026-03-01T10:00:00Z' where plane = 'scn_draft' and id = 'cst_tools'`,
      )
      await house.asOwner(
        'acme',
        sql`
      insert into orgdesign.units (scenario_id, id, parent_id, name, kind, status, drafted_at)
      values ('scn_draft', 'unt_new', 'unt_top', 'New', 'group', 'active', '2026-03-01T11:00:00Z')`,
      )
      const { changes, scenario: facts } = await call('scenario.compare', { scenario_id: 'scn_draft' })
      t.match(changes, [
        {
          kind: 'cost',
          id: 'cst_tools',
          before: { annual_amount: 9_000 },
          after: { annual_amount: 7_000, currency: 'EUR' },
        },
        { kind: 'unit', id: 'unt_new', before: null, after: { parent_id: 'unt_top' } },
      ])
      t.equal(facts.revision, 7, 'what others write counts as a change of the scenario too')
      const first = await call('scenario.compare', { scenario_id: 'scn_draft', limit: 1 })
      const second = await call('scenario.compare', { scenario_id: 'scn_draft', cursor: first.next_cursor })
      t.same([...first.changes, ...second.changes], changes)
      const kinds = (await call('scenario.compare', { scenario_id: 'scn_draft' }, viewer)).changes.map(
        ({ kind }: { kind: string }) => kind,
      )
      t.same(kinds, ['unit'])
    },
  )

  await t.test('resources hold what they say, and nothing where nothing is', async (t) => {
    t.match(await house.read(organisation, planner), { scenario_id: null, units: [{ id: 'unt_top' }], more: false })
    t.match(await house.read(unit, planner, { unitId: 'unt_plant' }), {
      name: 'plant',
      line: [{ id: 'unt_top' }, { id: 'unt_ops' }],
    })
    t.equal((await house.read(scenarios, planner)).scenarios.length, 2)
    t.match(await house.read(scenario, planner, { scenarioId: 'scn_draft' }), { status: 'draft' })
    t.match(await house.read(scenarioChanges, planner, { scenarioId: 'scn_draft' }), { changes: [{}, {}], more: false })
    t.equal((await house.read(scenarioChanges, viewer, { scenarioId: 'scn_draft' })).changes.length, 1)
    for (const [resource, variables] of [
      [unit, { unitId: 'unt_none' }],
      [unit, { unitId: "x'--" }],
      [scenario, { scenarioId: 'scn_none' }],
      [scenario, { scenarioId: '%' }],
      [scenarioChanges, { scenarioId: 'scn_none' }],
      [scenarioChanges, { scenarioId: '' }],
    ] as const) {
      t.equal(await house.read(resource, planner, variables), undefined, JSON.stringify(variables))
    }
  })

  await t.test('prompts are filled with the questions and calls of their person', async (t) => {
    const [organisationPrompt, scenarioPrompt, draftPrompt] = orgdesign.prompts ?? []
    if (!organisationPrompt || !scenarioPrompt || !draftPrompt) throw new TypeError('prompts are missing')
    const [text = ''] = await house.prompt(organisationPrompt, planner)
    t.match(text, /cost\.summary \{"unit_id":"unt_top"\}/)
    t.notMatch((await house.prompt(organisationPrompt, viewer))[0], 'cost.summary')
    t.match((await house.prompt(scenarioPrompt, planner, { scenario_id: 'scn_draft' }))[0], /Scenario scn_draft/)
    t.match(
      (await house.prompt(draftPrompt, planner, { scenario_id: 'scn_draft', goal: 'Fewer layers' }))[0],
      /Fewer layers/,
    )
    await t.rejects(house.prompt(scenarioPrompt, planner, { scenario_id: 'scn_none' }), { code: 'unknown_scenario' })
    await t.rejects(house.prompt(organisationPrompt, planner, { unit_id: 'unt_none' }), { code: 'unknown_unit' })
  })

  await t.test('tools alone reach all tools, resources and prompts, and what they hold [O11]', async (t) => {
    const { tools, resources, prompts } = await call('capability.list')
    t.same(
      tools.map(({ name }: { name: string }) => name),
      orgdesign.tools.map(({ name }) => name),
    )
    t.equal(resources.length, orgdesign.resources.length)
    t.equal(prompts.length, orgdesign.prompts?.length)
    for (const { name } of [...tools, ...resources, ...prompts]) {
      const explained = await call('capability.explain', { name })
      t.ok(explained.description.length > 20 && explained.arguments.type === 'object', name)
      t.equal(explained.text, null)
    }
    t.ok((await call('capability.explain', { name: 'scenario.action.plan' })).examples.length > 0)
    const open = (name: string, given: object = {}) =>
      call('capability.explain', { name, arguments: given, open: true })
    t.match((await open('test://organisation')).text, 'unt_plant')
    t.match((await open('test://org-units/{unitId}', { unitId: 'unt_plant' })).text, 'purpose of unt_plant')
    t.match((await open('test://scenarios/scn_draft')).text, 'Scenario scn_draft')
    t.match((await open('review_scenario', { scenario_id: 'scn_draft' })).text, /^user: Review the scenario/)
  })
})
