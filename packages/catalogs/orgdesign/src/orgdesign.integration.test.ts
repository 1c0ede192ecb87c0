import type { ToolFailure } from '@gatehouse/catalog'
import { ident, openDatabase, sql } from '@gatehouse/database'
import { postgres } from '@gatehouse/testkit'
import { test } from 'tap'
import { orgdesign } from './catalog.ts'
import { NOW, openOrgDesign, principalOf } from './orgdesign.fixture.ts'
import { orgSearch } from './tools/org-search.ts'
import { scenarioActionConfirm } from './tools/scenario-action-confirm.ts'
import { scenarioActionPlan } from './tools/scenario-action-plan.ts'

const ada = principalOf('acme')
const TABLES = ['units', 'teams', 'placements', 'costs', 'metrics']

test('the organisation on PostgreSQL', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([orgdesign.schema])
  const house = await openOrgDesign(t, host)
  const db = host.as(orgdesign.schema.role)
  await house.found('acme')
  await house.found('globex', 'CANARY ')
  const plan = (change: object) => house.call(scenarioActionPlan, ada, { scenario_id: 'scn_draft', ...change })
  const confirm = (proposal_id: string) => house.call(scenarioActionConfirm, ada, { proposal_id })
  const codesOf = (ends: readonly PromiseSettledResult<unknown>[]) =>
    ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as ToolFailure).code] : []))

  await t.test('of 50 confirmations at once one has the effect, and one event tells of it [O10]', async (t) => {
    const { proposal_id, scenario_revision } = await plan({ action: 'add_unit', parent_id: 'unt_labs', name: 'Robots' })
    const ends = await Promise.allSettled(Array.from({ length: 50 }, () => confirm(proposal_id)))
    t.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1)
    t.same(new Set(codesOf(ends)), new Set(['proposal_used']))
    t.equal(codesOf(ends).length, 49)
    const made = await db.asTenant('acme', (tx) =>
      tx.rows(sql`select plane from orgdesign.units where name = 'Robots'`),
    )
    t.same(made, [{ plane: 'scn_draft' }])
    const events = await house.takeEvents()
    t.equal(events.length, 1)
    t.match(events[0]?.event.data, { proposalId: proposal_id, revision: scenario_revision + 1 })
  })

  await t.test('of ten changes planned on the same state and confirmed at once, one is carried out', async (t) => {
    const planned = []
    for (let nth = 1; nth <= 10; nth += 1) {
      planned.push(await plan({ action: 'change_cost', cost_id: 'cst_tools', annual_amount: nth }))
    }
    const ends = await Promise.allSettled(planned.map(({ proposal_id }) => confirm(proposal_id)))
    t.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1)
    t.same(
      codesOf(ends),
      Array.from({ length: 9 }, () => 'scenario_changed'),
    )
    t.equal((await house.takeEvents()).length, 1)
  })

  await t.test('two moves that would close a circle together cannot both happen', async (t) => {
    const one = await plan({ action: 'move_unit', unit_id: 'unt_plant', parent_id: 'unt_labs' })
    const other = await plan({ action: 'move_unit', unit_id: 'unt_labs', parent_id: 'unt_plant' })
    const ends = await Promise.allSettled([confirm(one.proposal_id), confirm(other.proposal_id)])
    t.same(codesOf(ends), ['scenario_changed'])
    await house.takeEvents()
  })

  await t.test('a tenant that is founded by two processes at once is founded once', async (t) => {
    const tenant = { id: 'ten_demo', slug: 'acme', name: 'Acme', people: [] }
    await Promise.all(Array.from({ length: 4 }, () => orgdesign.demo({ db, now: NOW }, tenant)))
    const { n } = await db.asTenant('ten_demo', (tx) =>
      tx.one<{ n: number }>(sql`select count(*)::int as n from orgdesign.units where parent_id is null`),
    )
    t.equal(n, 5, 'the baseline and four scenarios')
  })

  await t.test('the run-time role cannot write the baseline, whatever the statement [O9, O12]', async (t) => {
    const acme = <T>(body: Parameters<typeof db.asTenant<T>>[1]) => db.asTenant('acme', body)
    for (const statement of [
      sql`update orgdesign.units set status = 'closed', drafted_at = now() where scenario_id is null`,
      sql`update orgdesign.placements set fte = 0.1 where plane = ''`,
      sql`update orgdesign.costs set annual_amount = 0 where plane = ''`,
    ]) {
      t.equal(await acme((tx) => tx.run(statement)), 0, statement.text)
    }
    const forbidden = { code: '42501' }
    for (const statement of [
      sql`insert into orgdesign.units (id, name, kind, status) values ('unt_x', 'x', 'group', 'active')`,
      sql`insert into orgdesign.costs (scenario_id, id, unit_id, category, label, annual_amount, currency)
        values (null, 'cst_x', 'unt_top', 'other', 'x', 1, 'EUR')`,
      sql`update orgdesign.units set scenario_id = null where plane = 'scn_draft'`,
      sql`delete from orgdesign.units`,
      sql`update orgdesign.scenarios set status = 'approved'`,
      sql`insert into orgdesign.scenarios (id, name, status, created_by, created_at, updated_at)
        values ('scn_x', 'x', 'draft', 'p', now(), now())`,
      sql`update orgdesign.proposals set expires_at = now() + interval '1 year'`,
      sql`update orgdesign.proposals set change = '{}'`,
      sql`update orgdesign.teams set name = 'x'`,
    ]) {
      await t.rejects(
        acme((tx) => tx.run(statement)),
        forbidden,
        statement.text,
      )
    }
    const { found } = await acme((tx) => tx.one<{ found: boolean }>(sql`select orgdesign.found('{}') as found`))
    t.equal(found, false, 'a tenant is founded once')
  })

  await t.test('the run-time role is held to the tenant, row by row', async (t) => {
    for (const table of [...TABLES, 'scenarios', 'proposals']) {
      const rows = sql`select tenant_id from ${ident(`orgdesign.${table}`)}`
      t.same(await db.asPlatform('test', (tx) => tx.rows(rows)), [], `${table}: no tenant, no rows`)
      const seen = await db.asTenant('globex', (tx) => tx.rows<{ tenant_id: string }>(rows))
      t.ok(
        seen.every(({ tenant_id }) => tenant_id === 'globex'),
        `${table}: own rows only`,
      )
    }
    t.same(await db.asTenant('globex', (tx) => tx.rows(sql`select * from orgdesign.outbox`)), [])
    await t.rejects(
      db.asTenant('globex', (tx) =>
        tx.run(sql`
          insert into orgdesign.units (tenant_id, scenario_id, id, name, kind, status)
          values ('acme', 'scn_draft', 'unt_x', 'x', 'group', 'active')`),
      ),
      { code: '42501' },
    )
  })

  await t.test('a foreign key reaches neither into another tenant nor into another plane', async (t) => {
    await house.asOwner(
      'globex',
      sql`
      insert into orgdesign.units (id, parent_id, name, kind, status) values ('unt_only', 'unt_top', 'x', 'group', 'active')`,
    )
    const insert = (parent: string) =>
      db.asTenant('acme', (tx) =>
        tx.run(sql`
          insert into orgdesign.units (scenario_id, id, parent_id, name, kind, status)
          values ('scn_draft', 'unt_x', ${parent}, 'x', 'group', 'active')`),
      )
    await t.rejects(insert('unt_only'), { code: '23503' })
    await house.asOwner(
      'acme',
      sql`
      insert into orgdesign.units (id, parent_id, name, kind, status) values ('unt_base', 'unt_top', 'x', 'group', 'active')`,
    )
    await t.rejects(insert('unt_base'), { code: '23503' }, 'a unit of the baseline is no parent in a scenario')
  })

  await t.test('the search function gives its own tenant and plane alone, and nothing without a tenant', async (t) => {
    const search = sql`select id from orgdesign.search('plant', null, '{unit}', 10)`
    t.same(await db.asPlatform('test', (tx) => tx.rows(search)), [])
    t.same(await db.asTenant('acme', (tx) => tx.rows(search)), [{ id: 'unt_plant' }])
    for (const q of ['canary', 'CANARY plant', '\u0001globex', 'plant or canary', '-zzz']) {
      t.notMatch(JSON.stringify(await house.call(orgSearch, ada, { q })), 'CANARY', q)
    }
    t.equal((await house.call(orgSearch, ada, { q: 'robots' })).results.length, 0, 'it is in a scenario')
    t.equal((await house.call(orgSearch, ada, { q: 'robots', scenario_id: 'scn_draft' })).results.length, 1)
  })
})
