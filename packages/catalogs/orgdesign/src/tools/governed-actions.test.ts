import { ToolFailure } from '@gatehouse/catalog'
import { bareCall } from '@gatehouse/catalog/testing'
import { ident, sql } from '@gatehouse/database'
import { test } from 'tap'
import { orgdesign } from '../catalog.ts'
import { type Fixture, NOW, openOrgDesign, principalOf } from '../orgdesign.fixture.ts'
import { placementList } from './placement-list.ts'
import { scenarioActionConfirm } from './scenario-action-confirm.ts'
import { scenarioActionPlan } from './scenario-action-plan.ts'
import { scenarioCompare } from './scenario-compare.ts'

const ada = principalOf('acme')
const fails = (code: string) => ({ constructor: ToolFailure, code })
const db = (house: Fixture) => house.host.as(orgdesign.schema.role)

/** Everything of a tenant, as text: two of these are alike if nothing was changed. */
const everything = (house: Fixture, tenant = 'acme') =>
  db(house).asTenant(tenant, async (tx) => {
    const parts = ['scenarios', 'units', 'teams', 'placements', 'costs', 'metrics']
    const texts = []
    for (const table of parts) {
      const { text } = await tx.one<{ text: string }>(
        sql`select coalesce(string_agg(to_jsonb(r)::text, '|' order by to_jsonb(r)::text), '') as text from ${ident(`orgdesign.${table}`)} r`,
      )
      texts.push(text)
    }
    return texts.join('\n')
  })

const baselineOf = async (house: Fixture) =>
  db(house).asTenant('acme', (tx) =>
    tx.rows(sql`
      select to_jsonb(u) as row from orgdesign.units u where scenario_id is null
      union all select to_jsonb(p) from orgdesign.placements p where scenario_id is null
      union all select to_jsonb(c) from orgdesign.costs c where scenario_id is null
      order by 1`),
  )

test('governed actions', async (t) => {
  const house = await openOrgDesign(t)
  await house.found('acme')
  const plan = (change: object, principal = ada) =>
    house.call(scenarioActionPlan, principal, { scenario_id: 'scn_draft', ...change })
  const confirm = (proposal_id: string, principal = ada) =>
    house.call(scenarioActionConfirm, principal, { proposal_id })
  const cost = (annual_amount: number) => ({ action: 'change_cost', cost_id: 'cst_tools', annual_amount })
  const draftedCost = async () =>
    (
      await db(house).asTenant('acme', (tx) =>
        tx.one<{ amount: number }>(
          sql`select annual_amount::float8 as amount from orgdesign.costs where plane = 'scn_draft' and id = 'cst_tools'`,
        ),
      )
    ).amount

  await t.test('planning gives a proposal and changes nothing, whatever is planned [O10]', async (t) => {
    const before = await everything(house)
    for (const change of [
      { action: 'move_unit', unit_id: 'unt_line', parent_id: 'unt_labs' },
      { action: 'change_placement', placement_id: 'plc_lead', fte: 0.5 },
      { action: 'change_placement', placement_id: 'plc_fitter', unit_id: 'unt_labs' },
      { action: 'change_placement', placement_id: 'plc_fitter', team_id: null },
      cost(12.34),
      { action: 'add_unit', parent_id: 'unt_labs', name: 'Robots' },
      { action: 'close_unit', unit_id: 'unt_labs' },
    ]) {
      const { proposal_id, scenario_id, summary, action } = await plan(change)
      t.match(proposal_id, /^prp_/)
      t.equal(scenario_id, 'scn_draft')
      t.equal(action, change.action)
      t.ok(summary.length > 10, summary)
    }
    t.equal(await everything(house), before)
    t.strictSame(await house.takeEvents(), [])
  })

  await t.test('confirming does what was planned, in the scenario alone, with one event [O10, O9]', async (t) => {
    const baseline = await baselineOf(house)
    const { proposal_id, before, after, scenario_revision } = await plan({
      action: 'move_unit',
      unit_id: 'unt_line',
      parent_id: 'unt_labs',
    })
    t.same(
      [before, after],
      [
        { unit_id: 'unt_line', parent_id: 'unt_plant' },
        { unit_id: 'unt_line', parent_id: 'unt_labs' },
      ],
    )
    const done = await confirm(proposal_id)
    t.match(done, { proposal_id, action: 'move_unit', before, after })
    t.ok(done.scenario_revision > scenario_revision)
    const events = await house.takeEvents()
    t.equal(events.length, 1)
    t.match(events[0], {
      subject: 'domain.acme.scenario.changed',
      event: {
        data: { scenarioId: 'scn_draft', revision: done.scenario_revision, proposalId: proposal_id, by: 'person_ada' },
      },
    })
    t.notMatch(JSON.stringify(events), 'line', 'names stay in the database')
    const { changes } = await house.call(scenarioCompare, ada, { scenario_id: 'scn_draft' })
    t.match(changes, [
      { kind: 'unit', id: 'unt_line', before: { parent_id: 'unt_plant' }, after: { parent_id: 'unt_labs' } },
    ])
    t.same(await baselineOf(house), baseline, 'the baseline is what it was')
  })

  await t.test('each action has the effect it told', async (t) => {
    const run = async (change: object) => confirm((await plan(change)).proposal_id)
    const added = await run({
      action: 'add_unit',
      parent_id: 'unt_labs',
      name: '  Robots ',
      kind: 'group',
      purpose: 'Build',
    })
    t.match(added, { before: null, after: { name: 'Robots', kind: 'group', parent_id: 'unt_labs' } })
    const robots = String(added.after.unit_id)
    await run({ action: 'change_placement', placement_id: 'plc_fitter', unit_id: robots, fte: 0.8 })
    const [fitter] = (await house.call(placementList, ada, { scenario_id: 'scn_draft', unit_id: robots })).items
    t.match(
      fitter,
      { id: 'plc_fitter', unit_name: 'Robots', team_id: null, fte: 0.8 },
      'it left the team of the other unit',
    )
    await t.rejects(plan({ action: 'close_unit', unit_id: robots }), fails('unit_not_empty'))
    await run({ action: 'change_placement', placement_id: 'plc_fitter', unit_id: 'unt_plant', team_id: 'tem_day' })
    t.match(await run({ action: 'close_unit', unit_id: robots }), { after: { status: 'closed' } })
    await t.rejects(plan({ action: 'add_unit', parent_id: robots, name: 'Below' }), fails('unit_closed'))
    await t.rejects(plan({ action: 'move_unit', unit_id: 'unt_line', parent_id: robots }), fails('unit_closed'))
    await t.rejects(
      plan({ action: 'change_placement', placement_id: 'plc_lead', unit_id: robots }),
      fails('unit_closed'),
    )
    await run(cost(8_000.25))
    t.equal(await draftedCost(), 8_000.25)
    await house.takeEvents()
  })

  await t.test('a proposal is good once', async (t) => {
    const { proposal_id } = await plan(cost(1))
    await confirm(proposal_id)
    await t.rejects(confirm(proposal_id), fails('proposal_used'))
    t.equal((await house.takeEvents()).length, 1)
  })

  await t.test('it is good for who planned it alone: not for another person, key, or tenant [S-TL-17]', async (t) => {
    const { proposal_id } = await plan(cost(2))
    await house.found('globex')
    for (const other of [
      principalOf('acme', { subject: 'person_eve' }),
      principalOf('globex'),
      principalOf('acme', { kind: 'key', credential: 'api-key' }),
    ]) {
      await t.rejects(confirm(proposal_id, other), fails('unknown_proposal'))
    }
    t.equal(await draftedCost(), 1)
    t.match(await confirm(proposal_id, principalOf('acme', { client: 'client_2', credentialId: 'jti_2' })), {
      proposal_id,
    })
    await house.takeEvents()
  })

  await t.test('a scenario that changed meanwhile refuses, whoever changed it and whatever', async (t) => {
    for (const meanwhile of [
      () =>
        plan({ action: 'change_placement', placement_id: 'plc_lead', fte: 0.4 }).then(({ proposal_id }) =>
          confirm(proposal_id),
        ),
      () =>
        house.asOwner(
          'acme',
          sql`update orgdesign.teams set purpose = 'x' where plane = 'scn_draft' and id = 'tem_day'`,
        ),
      () => house.asOwner('acme', sql`delete from orgdesign.metrics where plane = 'scn_draft' and id = 'met_1'`),
      () =>
        house.asOwner(
          'acme',
          sql`
          insert into orgdesign.costs (scenario_id, id, unit_id, category, label, annual_amount, currency)
          values ('scn_draft', 'cst_more', 'unt_top', 'other', 'More', 1, 'EUR')`,
        ),
    ]) {
      const { proposal_id } = await plan(cost(3))
      await meanwhile()
      await t.rejects(confirm(proposal_id), fails('scenario_changed'))
    }
    const { proposal_id } = await plan(cost(4))
    await house.asOwner(
      'acme',
      sql`update orgdesign.units set purpose = 'x' where scenario_id is null or plane = 'scn_review'`,
    )
    t.match(await confirm(proposal_id), { proposal_id }, 'other planes do not count')
    await house.takeEvents()
  })

  await t.test('a scenario that is a draft no more refuses', async (t) => {
    const { proposal_id } = await plan(cost(5))
    await house.asOwner('acme', sql`update orgdesign.scenarios set status = 'approved' where id = 'scn_draft'`)
    await t.rejects(confirm(proposal_id), fails('scenario_not_draft'))
    await house.asOwner('acme', sql`update orgdesign.scenarios set status = 'draft' where id = 'scn_draft'`)
    t.equal(await draftedCost(), 4)
    t.match(await confirm(proposal_id), { proposal_id }, 'a refusal did not use it up')
    await house.takeEvents()
  })

  await t.test('what has expired is not carried out, is told as that, and is gone a day later [S-TL-17]', async (t) => {
    const { proposal_id } = await plan(cost(6))
    const late = (by: string) =>
      house.host.as(orgdesign.schema.role).asTenant('acme', (tx) =>
        tx.run(sql`
          insert into orgdesign.proposals (id, scenario_id, scenario_revision, principal_kind, principal_id, change, summary, expires_at)
          select ${`prp_${by.replaceAll(' ', '')}`}, scenario_id, scenario_revision, principal_kind, principal_id, change, summary,
            now() - ${by}::interval from orgdesign.proposals where id = ${proposal_id}`),
      )
    await late('1 second')
    await late('25 hours')
    t.match(scenarioActionPlan.description, /proposal_id \(\d+ minutes\)/, 'as who plans is told')
    await t.rejects(confirm('prp_1second'), fails('proposal_expired'))
    await t.rejects(confirm('prp_25hours'), fails('proposal_expired'))
    await plan(cost(7))
    await t.rejects(confirm('prp_25hours'), fails('unknown_proposal'))
    await t.rejects(confirm('prp_1second'), fails('proposal_expired'))
    t.equal(await draftedCost(), 5)
  })

  await t.test(
    'drafting needs its own permission and that of the domain, when planned and when confirmed [O10]',
    async (t) => {
      const member = principalOf('acme', { roles: ['member'] })
      const clerk = principalOf('acme', { roles: ['clerk'] })
      await t.rejects(plan(cost(9), member), { code: 'permission.missing', message: /costs\.write/ })
      await t.rejects(plan({ action: 'close_unit', unit_id: 'unt_labs' }, clerk), { message: /org-units\.write/ })
      await t.rejects(plan({ action: 'change_placement', placement_id: 'plc_lead', fte: 0.1 }, clerk), {
        message: /placements\.write/,
      })
      const { proposal_id } = await plan(cost(9))
      await t.rejects(confirm(proposal_id, member), { code: 'permission.missing' }, 'the role was taken back meanwhile')
      const narrowed = principalOf('acme', { scopes: new Set(['mcp:use', 'scenarios.read', 'ai.scenarios.draft']) })
      await t.rejects(plan(cost(9), narrowed), { code: 'scope.narrowed', message: /costs\.write/ })
      t.match(await plan({ action: 'change_placement', placement_id: 'plc_lead', fte: 0.1 }, member), {
        scenario_id: 'scn_draft',
      })
    },
  )

  await t.test('a change and its event stand or fall together', async (t) => {
    const { proposal_id } = await plan(cost(10))
    const before = await everything(house)
    const broken = {
      offer: { require: () => undefined } as never,
      transact: <T>(body: (tx: never) => Promise<T>) =>
        db(house).asTenant('acme', async (tx) => {
          await body(tx as never)
          throw new Error('the line breaks before the commit')
        }),
    }
    const context = { ...bareCall(ada, { now: NOW }), ...broken } as never
    await t.rejects(scenarioActionConfirm.run({ proposal_id }, context), { message: /the line breaks/ })
    t.equal(await everything(house), before)
    t.strictSame(await house.takeEvents(), [])
    t.match(await confirm(proposal_id), { proposal_id }, 'the proposal is still good')
  })
})
