import { ToolFailure } from '@gatehouse/catalog'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { fillSample, NOW, openSustainability, principalOf } from '../sustainability.fixture.ts'
import { unit } from '../vocabulary.ts'
import { createActivity } from './create-activity.ts'
import { listActivities } from './list-activities.ts'
import { listDatasets } from './list-datasets.ts'
import { recalculateActivities } from './recalculate-activities.ts'
import { updateActivity } from './update-activity.ts'

const fails = (code: string) => ({ constructor: ToolFailure, code })
const acme = principalOf('acme')
const BILL = { datasetId: 'dst_1', siteId: 'sit_hq', date: '2026-02-28', quantity: 1000, unit: 'kWh' }

test('activities', async (t) => {
  const house = await openSustainability(t)
  await fillSample(house, 'acme', 'acme')
  await fillSample(house, 'globex', 'CANARY', '_g')
  const create = (input: object = {}) => house.call(createActivity, acme, { ...BILL, factorId: 'fac_grid', ...input })
  const setFactor = (kg: number) =>
    house.host.as('gatehouse_mcp').asTenant('acme', (tx) =>
      tx.run(sql`
        insert into sustainability.emission_factors (id, code, name, category, ghg_scope, region, year, source, unit, kg_co2e, updated_at)
        values ('fac_new', 'grid-new', 'Grid', 'electricity', 2, 'Europe', 2026, 'x', 'kWh', ${kg}, ${NOW})`),
    )

  for (const [given, co2eKg, why] of [
    [{}, 400, 'the unit of the factor'],
    [{ quantity: 1.5, unit: 'MWh' }, 600, 'a thousand times as much'],
    [{ quantity: 1, unit: 'GJ' }, 111.111111, '277.8 kWh'],
    [{ quantity: 0.1, unit: 'kWh' }, 0.04, 'decimal, not binary'],
    [{ quantity: 0 }, 0, 'nothing'],
    [{ factorId: 'fac_truck', quantity: 2_000, unit: 'tkm' }, 160, 'a unit that converts into itself'],
  ] as const) {
    await t.test(`emissions of ${JSON.stringify(given)} are ${co2eKg} kg: ${why}`, async (t) => {
      t.match(await create(given), { id: /^act_/, co2eKg })
    })
  }

  await t.test('without a factor the emissions are not known; events and the number of activities are', async (t) => {
    await house.takeEvents()
    const countOf = async () => (await house.call(listDatasets, acme, {})).datasets[0].activityCount as number
    const before = await countOf()
    const made = await create({ factorId: undefined })
    t.match(made, { factorId: null, co2eKg: null })
    t.match(await house.takeEvents(), [
      {
        subject: 'domain.acme.activity.created',
        event: { data: { activityId: made.id, datasetId: 'dst_1', siteId: 'sit_hq', by: 'person_acme' } },
      },
    ])
    t.equal(await countOf(), before + 1)
  })

  await t.test('what contradicts itself or names nothing is refused, and nothing is recorded', async (t) => {
    await house.takeEvents()
    await t.rejects(create({ unit: 'L' }), { code: 'unit_mismatch', message: /per kWh/ })
    await t.rejects(create({ date: '2026-03-04' }), fails('contradiction'), 'tomorrow is the future everywhere')
    await create({ date: '2026-03-02' })
    await t.rejects(create({ siteId: 'sit_old' }), fails('site_archived'))
    for (const [field, code] of [
      ['datasetId', 'unknown_dataset'],
      ['siteId', 'unknown_site'],
      ['factorId', 'unknown_factor'],
    ] as const) {
      const foreign = { datasetId: 'dst_1_g', siteId: 'sit_hq_g', factorId: 'fac_grid_g' }[field]
      for (const id of [foreign, 'none', "x' or true --", 'a\0b', '', 'x'.repeat(5_000)]) {
        await t.rejects(create({ [field]: id }), fails(code), `${field} ${id.slice(0, 20)}`)
      }
    }
    t.equal((await house.takeEvents()).length, 1)
    for (const wrong of [
      { quantity: -1 },
      { quantity: Number.NaN },
      { quantity: 1e12 },
      { quantity: '5' },
      { unit: 'Wh' },
      { date: '2026-02-30' },
      { date: '28.02.2026' },
      { date: '2026-02-28T00:00:00Z' },
      { description: 'x'.repeat(501) },
      { co2eKg: 1 },
    ]) {
      t.notOk(createActivity.input.safeParse({ ...BILL, ...wrong }).success, JSON.stringify(wrong))
    }
  })

  await t.test('update_activity changes what is given and calculates anew', async (t) => {
    const { id: activityId } = await create({ description: 'before' })
    const change = (input: object) => house.call(updateActivity, acme, { activityId, ...input })
    t.match(await change({ quantity: 2, unit: 'MWh' }), { co2eKg: 800, description: 'before', date: BILL.date })
    t.match(await change({ factorId: null }), { co2eKg: null, quantity: 2, unit: 'MWh' })
    t.match(await change({ unit: 't', factorId: undefined }), { unit: 't', co2eKg: null })
    await t.rejects(change({ factorId: 'fac_grid' }), fails('unit_mismatch'), 'the unit that is there does not fit')
    t.match(await change({ factorId: 'fac_grid', unit: 'kWh' }), { co2eKg: 0.8 })
    await t.rejects(change({}), fails('nothing_to_update'))
    await t.rejects(change({ siteId: 'sit_old' }), fails('site_archived'))
    await t.rejects(change({ date: '2027-01-01' }), fails('contradiction'))
    await t.rejects(
      house.call(updateActivity, principalOf('globex'), { activityId, quantity: 1 }),
      fails('unknown_activity'),
    )
  })

  await t.test('activities are listed latest first, in pages, by dataset, site and days', async (t) => {
    const ids = new Set<string>()
    let cursor: string | undefined
    const days: string[] = []
    do {
      const page = await house.call(listActivities, acme, {
        datasetId: 'dst_1',
        siteId: 'sit_hq',
        limit: 3,
        ...(cursor === undefined ? {} : { cursor }),
      })
      for (const { id, date } of page.activities) {
        t.notOk(ids.has(id), 'none twice')
        ids.add(id)
        days.push(date)
      }
      cursor = page.nextCursor
    } while (cursor !== undefined)
    t.equal(ids.size, (await house.call(listDatasets, acme, {})).datasets[0].activityCount, 'none is missing')
    t.same(days, [...days].sort().reverse())
    t.equal((await house.call(listActivities, acme, { from: '2026-03-01' })).activities.length, 1)
    t.same((await house.call(listActivities, acme, { to: '2025-12-31' })).activities, [])
    await t.rejects(house.call(listActivities, acme, { from: '2026-03-01', to: '2026-02-01' }), fails('contradiction'))
    await t.rejects(house.call(listActivities, acme, { datasetId: 'dst_1_g' }), fails('unknown_dataset'))
  })

  await t.test(
    'a dataset is recalculated by another factor; a second time nothing changes and nothing is told',
    async (t) => {
      await setFactor(0.5)
      await house.takeEvents()
      const steps: unknown[] = []
      const progress = (...step: unknown[]) => void steps.push(step)
      const ask = { datasetId: 'dst_1', factorId: 'fac_new' }
      const first = await house.call(recalculateActivities, acme, ask, { progress })
      const { activities } = await house.call(listActivities, acme, { limit: 100 })
      t.equal(first.looked, activities.length)
      t.equal(first.skipped, 1, 'the one in tkm does not fit')
      t.equal(first.changed, first.looked - 1)
      const fitting = activities.filter(({ unit }: { unit: string }) => unit !== 'tkm')
      t.ok(fitting.every(({ factorId }: { factorId: string }) => factorId === 'fac_new'))
      t.match(
        activities.find(({ unit }: { unit: string }) => unit === 'MWh'),
        { quantity: 1.5, co2eKg: 750 },
      )
      t.ok(first.co2eKgAfter > first.co2eKgBefore)
      t.same(steps.at(-1), [first.looked, first.looked, 'activities'])
      t.match(await house.takeEvents(), [
        {
          subject: 'domain.acme.activity.recalculated',
          event: { data: { datasetId: 'dst_1', changed: first.changed } },
        },
      ])
      const second = await house.call(recalculateActivities, acme, ask)
      t.match(second, { changed: 0, co2eKgBefore: first.co2eKgAfter, co2eKgAfter: first.co2eKgAfter })
      t.strictSame(await house.takeEvents(), [])
    },
  )

  await t.test('named activities are recalculated, and only those of the organisation', async (t) => {
    const mine = (await create({ quantity: 10 })).id
    const theirs = (
      await house.call(createActivity, principalOf('globex'), {
        ...BILL,
        datasetId: 'dst_1_g',
        siteId: 'sit_hq_g',
        factorId: 'fac_grid_g',
      })
    ).id
    const done = await house.call(recalculateActivities, acme, {
      activityIds: [mine, theirs, 'none', 'a b'],
      factorId: 'fac_new',
    })
    t.match(done, { looked: 1, changed: 1, co2eKgBefore: 4, co2eKgAfter: 5 })
    t.match(await house.call(listActivities, principalOf('globex'), {}), { activities: [{ co2eKg: 400 }] })
  })

  await t.test('a range that contradicts itself, and a call that was given up, change nothing', async (t) => {
    const ask = (input: object, over = {}) => house.call(recalculateActivities, acme, input, over)
    await t.rejects(ask({}), fails('contradiction'))
    await t.rejects(ask({ datasetId: 'dst_1', activityIds: ['a'] }), fails('contradiction'))
    await t.rejects(ask({ activityIds: ['a'], from: '2026-01-01' }), fails('contradiction'))
    await t.rejects(ask({ datasetId: 'dst_1', from: '2026-02-01', to: '2026-01-01' }), fails('contradiction'))
    await t.rejects(ask({ datasetId: 'dst_1_g' }), fails('unknown_dataset'))
    await t.rejects(ask({ datasetId: 'dst_1', factorId: 'fac_grid_g' }), fails('unknown_factor'))
    const gone = AbortSignal.abort(new Error('the client is gone'))
    await t.rejects(ask({ datasetId: 'dst_1' }, { signal: gone }), /the client is gone/)
  })

  await t.test('the database converts every unit of the vocabulary', async (t) => {
    const scales = await house.host.as('gatehouse_mcp').asTenant('acme', (tx) =>
      tx.rows<{ u: string; dimension: string; scale: number }>(sql`
        select u, sustainability.unit_dimension(u) as dimension, sustainability.unit_scale(u)::float8 as scale
        from unnest(${unit.options}::text[]) u`),
    )
    t.same(
      scales
        .filter(({ u, dimension }) => u !== dimension)
        .map(({ u, dimension, scale }) => `${u} ${dimension} ${scale}`),
      [
        'MJ energy 1',
        'GJ energy 1000',
        'kWh energy 3.6',
        'MWh energy 3600',
        'kg mass 1',
        't mass 1000',
        'L volume 1',
        'm3 volume 1000',
        'km length 1',
        'mi length 1.609344',
      ],
    )
  })
})
