import { ToolFailure } from '@gatehouse/catalog'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { orgdesign } from '../catalog.ts'
import { openOrgDesign, principalOf } from '../orgdesign.fixture.ts'

const acme = principalOf('acme')
const named = (name: string) => {
  const tool = orgdesign.tools.find((one) => one.name === name)
  if (tool === undefined) throw new TypeError(name)
  return tool
}
const plan = (more: object) => ({ scenario_id: 'scn_draft', ...more })

/** Arguments that the schema turns away. */
const MALFORMED: Readonly<Record<string, readonly object[]>> = {
  'capability.list': [{ kind: 'agent' }, { all: true }],
  'capability.explain': [
    {},
    { name: '' },
    { name: 'x'.repeat(2_049) },
    { name: 'a', arguments: { b: 7 } },
    { name: 'a', open: 'yes' },
  ],
  'org.review.guide': [{ focus: 'weather' }, { unit_id: '' }, { unit_id: 7 }, { scenario_id: 'scn_draft' }],
  'scenario.review.guide': [{}, { scenario_id: null }, { scenario_id: 'x'.repeat(201) }],
  'org.search': [
    {},
    { q: '' },
    { q: 'a\0b' },
    { q: 'x'.repeat(1_001) },
    { q: '\ud800' },
    { q: 'a', limit: 101 },
    { q: 'a', kind: 'cost' },
  ],
  'org_unit.tree': [{ layers: 0 }, { layers: 11 }, { layers: 1.5 }, { depth: 2 }],
  'org_unit.list': [
    { limit: 0 },
    { limit: 201 },
    { kind: 'tribe' },
    { status: 'open' },
    { cursor: 'x'.repeat(1_001) },
    { scenario_id: 1 },
  ],
  'org_unit.get': [{}, { unit_id: null }],
  'team.list': [{ limit: -1 }, { unit: 'unt_top' }],
  'placement.list': [{ vacant: 'true' }, { person: 'Ida' }],
  'cost.summary': [{}, { unit_id: ['unt_top'] }],
  'cost.list': [{ category: 'wages' }, { limit: 1e9 }],
  'org_metric.list': [{ name: 'Scrap rate' }, { name: "x'; drop" }],
  'scenario.list': [{ status: 'open' }, { scenario_id: 'scn_draft' }],
  'scenario.compare': [{}, { scenario_id: '' }],
  'scenario.action.plan': [
    {},
    plan({}),
    plan({ action: 'delete_unit', unit_id: 'unt_ops' }),
    { action: 'close_unit', unit_id: 'unt_ops' },
    { scenario_id: null, action: 'close_unit', unit_id: 'unt_ops' },
    plan({ action: 'add_unit', parent_id: 'unt_top', name: 'x'.repeat(201) }),
    plan({ action: 'add_unit', parent_id: 'unt_top', name: 'nul \0' }),
    plan({ action: 'add_unit', parent_id: 'unt_top', name: 'a', purpose: 'x'.repeat(4_001) }),
    plan({ action: 'change_cost', cost_id: 'cst_tools', annual_amount: -1 }),
    plan({ action: 'change_cost', cost_id: 'cst_tools', annual_amount: 0.005 }),
    plan({ action: 'change_cost', cost_id: 'cst_tools', annual_amount: 1e12 }),
    plan({ action: 'change_cost', cost_id: 'cst_tools', annual_amount: Number.NaN }),
    plan({ action: 'change_placement', placement_id: 'plc_lead', fte: 0 }),
    plan({ action: 'change_placement', placement_id: 'plc_lead', fte: 1.01 }),
  ],
  'scenario.action.confirm': [
    {},
    { proposal_id: '' },
    { proposal_id: 'x'.repeat(201) },
    { proposal_id: 'prp_1', force: true },
  ],
}

/** Arguments that parse and are refused with a code, and words that say what to do. */
const REFUSED: readonly (readonly [tool: string, input: object, code: string, says: RegExp])[] = [
  ['capability.explain', { name: 'org.delete' }, 'unknown_capability', /capability\.list/],
  ['capability.explain', { name: 'test://scenarios/scn_none' }, 'unknown_capability', /capability\.list/],
  [
    'capability.explain',
    { name: 'test://scenarios/{scenarioId}', open: true },
    'unknown_capability',
    /capability\.list/,
  ],
  ['capability.explain', { name: 'review_scenario', open: true }, 'arguments.invalid', /scenario_id/],
  ['org.review.guide', { unit_id: 'unt_none' }, 'unknown_unit', /org_unit\.list/],
  ['scenario.review.guide', { scenario_id: 'scn_none' }, 'unknown_scenario', /scenario\.list/],
  ['org.search', { q: 'a', scenario_id: 'scn_none' }, 'unknown_scenario', /scenario\.list/],
  ['org_unit.tree', { unit_id: "x' or true --" }, 'unknown_unit', /org_unit\.list/],
  ['org_unit.list', { parent_id: 'unt_none' }, 'unknown_unit', /org\.search/],
  ['org_unit.get', { unit_id: 'a\0b' }, 'unknown_unit', /org_unit\.list/],
  ['team.list', { unit_id: 'unt_none' }, 'unknown_unit', /org_unit\.list/],
  ['placement.list', { team_id: 'tem_none' }, 'unknown_team', /team\.list/],
  ['placement.list', { unit_id: 'unt_none' }, 'unknown_unit', /org_unit\.list/],
  ['cost.summary', { unit_id: 'unt_none' }, 'unknown_unit', /org_unit\.list/],
  ['cost.list', { unit_id: 'unt_none' }, 'unknown_unit', /org_unit\.list/],
  ['org_metric.list', { unit_id: 'unt_none' }, 'unknown_unit', /org_unit\.list/],
  ['scenario.compare', { scenario_id: 'scn_none' }, 'unknown_scenario', /scenario\.list/],
  [
    'scenario.action.plan',
    plan({ action: 'move_unit', unit_id: 'unt_line' }),
    'arguments_do_not_fit',
    /needs parent_id/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'close_unit', unit_id: 'unt_line', annual_amount: 5 }),
    'arguments_do_not_fit',
    /takes no annual_amount/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'change_placement', placement_id: 'plc_lead' }),
    'arguments_do_not_fit',
    /at least one of unit_id, team_id, fte/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'move_unit', unit_id: 'unt_none', parent_id: 'unt_top' }),
    'unknown_unit',
    /org_unit\.list/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'move_unit', unit_id: 'unt_line', parent_id: 'unt_none' }),
    'unknown_unit',
    /org_unit\.list/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'move_unit', unit_id: 'unt_top', parent_id: 'unt_ops' }),
    'unit_is_top',
    /cannot be moved/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'move_unit', unit_id: 'unt_ops', parent_id: 'unt_line' }),
    'unit_below_itself',
    /outside of it/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'move_unit', unit_id: 'unt_ops', parent_id: 'unt_ops' }),
    'unit_below_itself',
    /outside of it/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'move_unit', unit_id: 'unt_line', parent_id: 'unt_plant' }),
    'nothing_to_change',
    /already/,
  ],
  ['scenario.action.plan', plan({ action: 'close_unit', unit_id: 'unt_top' }), 'unit_is_top', /cannot be closed/],
  [
    'scenario.action.plan',
    plan({ action: 'close_unit', unit_id: 'unt_plant' }),
    'unit_not_empty',
    /1 active units and 2 placements/,
  ],
  ['scenario.action.plan', plan({ action: 'add_unit', parent_id: 'unt_top', name: 'ops' }), 'name_taken', /already/],
  [
    'scenario.action.plan',
    plan({ action: 'add_unit', parent_id: 'unt_top', name: ' \n' }),
    'empty_name',
    /white space/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'add_unit', parent_id: 'unt_top', name: 'a', kind: 'company' }),
    'kind_is_top',
    /division/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'change_cost', cost_id: 'cst_none', annual_amount: 1 }),
    'unknown_cost',
    /cost\.list/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'change_cost', cost_id: 'cst_tools', annual_amount: 9_000 }),
    'nothing_to_change',
    /already/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'change_placement', placement_id: 'plc_none', fte: 1 }),
    'unknown_placement',
    /placement\.list/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'change_placement', placement_id: 'plc_lead', fte: 1 }),
    'nothing_to_change',
    /already/,
  ],
  [
    'scenario.action.plan',
    plan({ action: 'change_placement', placement_id: 'plc_lead', team_id: 'tem_night' }),
    'team_elsewhere',
    /pass unit_id unt_line too/,
  ],
  [
    'scenario.action.plan',
    { scenario_id: 'scn_review', action: 'close_unit', unit_id: 'unt_labs' },
    'scenario_not_draft',
    /in_review: only a draft/,
  ],
  [
    'scenario.action.plan',
    { scenario_id: 'scn_none', action: 'close_unit', unit_id: 'unt_labs' },
    'unknown_scenario',
    /scenario\.list/,
  ],
  ['scenario.action.confirm', { proposal_id: 'prp_none' }, 'unknown_proposal', /scenario\.action\.plan/],
]

const cursorOf = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url')
const CURSORS = ['x', 'W10', cursorOf(['a']), cursorOf(['\0', 'b']), cursorOf(['a', 'b', 'c', 'd'])]
const NO_TIME = cursorOf(['2026-99-99T00:00:00Z', 'b'])

test('no tool answers bad input by anything but words to act on, and nothing is changed by it', async (t) => {
  const house = await openOrgDesign(t)
  await house.found('acme')
  t.same(Object.keys(MALFORMED).sort(), orgdesign.tools.map(({ name }) => name).sort(), 'every tool is in the table')

  for (const [name, inputs] of Object.entries(MALFORMED)) {
    await t.test(`${name} takes nothing malformed, oversized or unknown`, async (t) => {
      for (const input of inputs)
        t.notOk(named(name).input.safeParse(input).success, JSON.stringify(input).slice(0, 80))
    })
  }

  await t.test('what parses and does not fit is refused with its code', async (t) => {
    for (const [name, input, code, message] of REFUSED) {
      await t.rejects(
        house.call(named(name), acme, input),
        { constructor: ToolFailure, code, message },
        `${name} ${JSON.stringify(input).slice(0, 80)}`,
      )
    }
    for (const tool of orgdesign.tools.filter(({ input }) => 'cursor' in input.shape)) {
      for (const cursor of CURSORS) {
        const input = { cursor, ...('scenario_id' in tool.input.shape ? { scenario_id: 'scn_draft' } : {}) }
        await t.rejects(house.call(tool, acme, input), { code: 'bad_cursor' }, `${tool.name} ${cursor}`)
      }
    }
    for (const name of ['scenario.list', 'org_metric.list', 'cost.list']) {
      await t.rejects(house.call(named(name), acme, { cursor: NO_TIME }), { code: 'bad_cursor' }, name)
    }
  })

  const db = house.host.as(orgdesign.schema.role)
  const left = await db.asTenant('acme', (tx) => tx.one(sql`select count(*)::int as n from orgdesign.proposals`))
  t.same(left, { n: 0 }, 'nothing was planned')
  t.strictSame(await house.takeEvents(), [], 'nothing was announced')
})

test('a tenant’s rows are as unknown to another as rows that never were', async (t) => {
  const house = await openOrgDesign(t)
  await house.found('acme', 'ACME ')
  await house.found('globex', 'CANARY ')
  await house.asOwner(
    'globex',
    sql`
    insert into orgdesign.scenarios (id, name, status, created_by, created_at, updated_at)
    values ('scn_globex', 'CANARY', 'draft', 'p', now(), now())`,
  )
  await house.asOwner(
    'globex',
    sql`
    insert into orgdesign.units (scenario_id, id, parent_id, name, kind, status) values
    (null, 'unt_globex', 'unt_top', 'CANARY', 'division', 'active'),
    ('scn_globex', 'unt_top', null, 'CANARY', 'company', 'active'),
    ('scn_globex', 'unt_labs', 'unt_top', 'CANARY', 'division', 'active')`,
  )
  const change = { scenario_id: 'scn_globex', action: 'close_unit', unit_id: 'unt_labs' }
  const planned = await house.call(named('scenario.action.plan'), principalOf('globex'), change)
  const foreign: Readonly<Record<string, object>> = {
    'capability.explain': { name: 'test://scenarios/scn_globex', open: true },
    'org.review.guide': { unit_id: 'unt_globex' },
    'scenario.review.guide': { scenario_id: 'scn_globex' },
    'org.search': { q: 'canary', scenario_id: 'scn_globex' },
    'org_unit.tree': { unit_id: 'unt_globex' },
    'org_unit.list': { parent_id: 'unt_globex' },
    'org_unit.get': { unit_id: 'unt_globex' },
    'team.list': { unit_id: 'unt_globex' },
    'placement.list': { unit_id: 'unt_globex' },
    'cost.summary': { unit_id: 'unt_globex' },
    'cost.list': { unit_id: 'unt_globex' },
    'org_metric.list': { unit_id: 'unt_globex' },
    'scenario.compare': { scenario_id: 'scn_globex' },
    'scenario.action.plan': change,
    'scenario.action.confirm': { proposal_id: planned.proposal_id },
  }
  for (const [name, input] of Object.entries(foreign)) {
    await t.rejects(house.call(named(name), acme, input), { constructor: ToolFailure, code: /^unknown_/ }, name)
  }
  const harmless: Readonly<Record<string, object>> = {
    'capability.list': {},
    'scenario.list': {},
    'org.search': { q: 'canary or globex or plant' },
    'org_unit.tree': {},
    'org_unit.list': {},
    'team.list': {},
    'placement.list': {},
    'cost.list': {},
    'org_metric.list': {},
    'scenario.compare': { scenario_id: 'scn_draft' },
  }
  for (const [name, input] of Object.entries(harmless)) {
    t.notMatch(JSON.stringify(await house.call(named(name), acme, input)), 'CANARY', `${name} shows its own alone`)
  }
  for (const resource of orgdesign.resources) {
    const foreignVariables = { unitId: 'unt_globex', scenarioId: 'scn_globex' }
    const read = await house.read(resource, acme, foreignVariables)
    t.notMatch(JSON.stringify(read ?? null), 'CANARY', resource.path)
  }
  t.match(
    JSON.stringify(await house.call(named('org.search'), principalOf('globex'), { q: 'canary' })),
    'CANARY',
    'it is there',
  )
})
