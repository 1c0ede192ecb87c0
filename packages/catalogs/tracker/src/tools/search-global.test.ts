import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { tracker } from '../catalog.ts'
import { type Fixture, openTracker, principalOf } from '../tracker.fixture.ts'
import { entryCreate } from './entry-create.ts'
import { searchGlobal } from './search-global.ts'

const acme = principalOf('acme')

async function titles(house: Fixture, q: string, limit?: number) {
  const { results } = await house.call(searchGlobal, acme, { q, ...(limit === undefined ? {} : { limit }) })
  return (results as { title: string }[]).map(({ title }) => title)
}

test('search.global', async (t) => {
  const house = await openTracker(t)
  await house.project('acme', 'prj_billing', 'Billing', 'Invoices, exports and reminders')
  await house.project('acme', 'prj_web', 'Customer portal', 'Tracking pages')
  await house.project('globex', 'prj_billing', 'Billing CANARY', 'export canary')
  const add = (title: string, description: string, tenant = 'acme') =>
    house.call(entryCreate, principalOf(tenant), { projectId: 'prj_billing', title, description, type: 'bug_report' })
  await add('Exporting to CSV fails', 'After 30 seconds the notifications list times out')
  await add('Reminder has the wrong date', 'Found while looking at the export of last month')
  await add('Zahlung für Müller doppelt', 'Straße und Überweisung')
  await add('The board is slow', 'Nothing else to say')
  await add('Exporting CANARY fails', 'export CSV canary', 'globex')

  await t.test('a title ranks above a description', async (t) => {
    const found = await titles(house, 'export')
    t.equal(found[0], 'Exporting to CSV fails')
    t.same(new Set(found), new Set(['Exporting to CSV fails', 'Reminder has the wrong date', 'Billing']))
  })

  await t.test('projects are found too, with the facts that they have', async (t) => {
    const { results, more } = await house.call(searchGlobal, acme, { q: 'portal' })
    t.match(results, [
      { kind: 'project', id: 'prj_web', title: 'Customer portal', projectId: 'prj_web', type: null, status: null },
    ])
    t.equal(more, false)
  })

  const first = 'Exporting to CSV fails'
  for (const [q, expected] of [
    ['exports', [first, 'Reminder has the wrong date', 'Billing']],
    ['csv', [first]],
    ['cs', [first]],
    ['notifica', [first]],
    ['export notific', [first]],
    ['failing export', [first]],
    ['"csv fails"', [first]],
    ['"fails csv"', []],
    ['export -csv', ['Reminder has the wrong date', 'Billing']],
    ['csv or portal', [first, 'Customer portal']],
    ['müll', ['Zahlung für Müller doppelt']],
    ['straße', ['Zahlung für Müller doppelt']],
    ['the', ['The board is slow', first, 'Reminder has the wrong date']],
    ['export nonsense', []],
    ['', []],
    ['   ', []],
    ["!&|():*'\\ --", []],
    ["o'brien' | \\", []],
    ['\u0001acme', []],
    ['\u0001globex', []],
  ] as const) {
    await t.test(`finds what ${JSON.stringify(q)} means`, async (t) => {
      t.same(new Set(await titles(house, q)), new Set(expected))
    })
  }

  await t.test('the limit holds and is told', async (t) => {
    const { results, more } = await house.call(searchGlobal, acme, { q: 'export', limit: 2 })
    t.equal((results as unknown[]).length, 2)
    t.equal(more, true)
    t.equal(searchGlobal.input.parse({ q: 'x' }).limit, 50)
    for (const limit of [0, 101, 1.5]) t.notOk(searchGlobal.input.safeParse({ q: 'x', limit }).success, String(limit))
  })

  await t.test('a very long query is answered', async (t) => {
    t.same(await titles(house, 'export '.repeat(50_000)), await titles(house, 'export'))
  })

  await t.test("no tenant's search shows another's rows", async (t) => {
    for (const q of ['canary', 'export', 'export or csv or billing', '-zzz', 'CANARY fails']) {
      const seen = JSON.stringify(await house.call(searchGlobal, acme, { q }))
      t.notMatch(seen, /canary/i, q)
    }
    t.match(JSON.stringify(await house.call(searchGlobal, principalOf('globex'), { q: 'canary' })), 'CANARY')
    t.strictSame(await house.call(searchGlobal, principalOf('nobody'), { q: 'export' }), { results: [], more: false })
  })

  await t.test('the function itself gives nothing without a tenant, and to no other role', async (t) => {
    const search = sql`select * from tracker.search('export', 50)`
    t.strictSame(await house.host.as(tracker.schema.role).asPlatform('test', (tx) => tx.rows(search)), [])
    const facts = await house.host.as(tracker.schema.role).asPlatform('test', (tx) =>
      tx.one(sql`
        select prosecdef, proconfig, has_function_privilege('public', oid, 'execute') as everybody
        from pg_proc where oid = 'tracker.search(text, integer)'::regprocedure`),
    )
    t.match(facts, { prosecdef: true, everybody: false })
    t.match(String(facts.proconfig), 'search_path=pg_catalog, pg_temp')
  })
})
