import { test } from 'tap'
import { entry } from '../resources/entry.ts'
import { taskMappings } from '../resources/task-mappings.ts'
import { NOW, openTracker, principalOf } from '../tracker.fixture.ts'
import { entryCreate } from './entry-create.ts'
import { entryUpdateStatus } from './entry-update-status.ts'
import { taskLink } from './task-link.ts'
import { taskSyncFromExternal } from './task-sync-from-external.ts'

const acme = principalOf('acme')
const globex = principalOf('globex')
const later = (minutes: number) => ({ now: new Date(NOW.getTime() + minutes * 60_000) })

test('the tools that know tasks of other systems', async (t) => {
  const house = await openTracker(t)
  for (const tenant of ['acme', 'globex']) {
    await house.project(tenant, 'prj_web', 'Web')
    await house.project(tenant, 'prj_api', 'API')
  }
  const create = async (title: string) => {
    const made = await house.call(entryCreate, acme, { projectId: 'prj_web', title, type: 'feedback' })
    await house.takeEvents()
    return made.id as string
  }
  const minimal = (externalId: string) => ({ system: 'jira', externalId, projectId: 'prj_web', title: 'Blank page' })
  const mappings = async (principal = acme) => (await house.read(taskMappings, principal)).mappings
  const types = async () => (await house.takeEvents()).map(({ event }) => event.type)

  await t.test(
    'task.sync_from_external makes an entry with the defaults of the document, and its mapping [L17]',
    async (t) => {
      const made = await house.call(taskSyncFromExternal, acme, minimal('T-1'))
      const expected = {
        outcome: 'created',
        type: 'feature_request',
        status: 'open',
        priority: 'medium',
        assignee: null,
      }
      t.match(made, { ...expected, title: 'Blank page', projectId: 'prj_web', reporter: { id: 'person_ada' } })
      t.same(await types(), ['gatehouse.entry.created.v1', 'gatehouse.task.linked.v1'])
      t.match(await mappings(), [{ system: 'jira', externalId: 'T-1', entry: { id: made.id, title: 'Blank page' } }])
    },
  )

  await t.test('the same task again changes nothing and announces nothing [L17]', async (t) => {
    const first = await house.call(taskSyncFromExternal, acme, minimal('T-1'), later(1))
    t.match(first, { outcome: 'unchanged', updatedAt: NOW.toISOString() })
    t.match(await house.call(taskSyncFromExternal, acme, { ...minimal('T-1'), system: 'JIRA' }), { id: first.id })
    t.same(await types(), [])
    t.equal((await mappings()).length, 1)
  })

  await t.test('what the task says now is taken over; what it leaves out stays', async (t) => {
    const full = { description: 'Since Monday', type: 'bug_report', status: 'in_progress', priority: 'high' }
    const { id } = await house.call(taskSyncFromExternal, acme, { ...minimal('T-2'), ...full, externalRef: '#2' })
    await house.takeEvents()
    const given = { ...minimal('T-2'), title: 'Blank page in Safari', status: 'solved' }
    t.match(await house.call(taskSyncFromExternal, acme, given, later(2)), {
      ...{ id, outcome: 'updated', title: 'Blank page in Safari', status: 'solved' },
      ...{ type: 'bug_report', priority: 'high', updatedAt: later(2).now.toISOString() },
    })
    const events = await house.takeEvents()
    t.match(
      events.map(({ event }) => event),
      [
        {
          type: 'gatehouse.entry.updated.v1',
          data: { entryId: id, status: { from: 'in_progress', to: 'solved' }, edited: ['title'] },
        },
      ],
    )
    t.notMatch(JSON.stringify(events), 'Safari', 'texts stay in the database')
    t.match(await house.read(entry, acme, { entryId: id }), { description: 'Since Monday' })
    await house.call(entryUpdateStatus, acme, { entryId: id, status: 'open' })
    t.match(await house.call(taskSyncFromExternal, acme, { ...minimal('T-2'), title: given.title }), { status: 'open' })
    t.match(
      (await mappings()).find((one: { externalId: string }) => one.externalId === 'T-2'),
      { externalRef: '#2' },
    )
    await house.takeEvents()
  })

  await t.test('a task does not take its entry to another project', async (t) => {
    const { id } = await house.call(taskSyncFromExternal, acme, minimal('T-3'))
    await house.takeEvents()
    const moved = { ...minimal('T-3'), projectId: 'prj_api', title: 'Moved', externalRef: '#3' }
    await t.rejects(house.call(taskSyncFromExternal, acme, moved), { code: 'other_project', message: /prj_web/ })
    t.match(await house.read(entry, acme, { entryId: id }), { title: 'Blank page', projectId: 'prj_web' })
    const kept = (await mappings()).find((one: { externalId: string }) => one.externalId === 'T-3')
    t.match(kept, { externalRef: null }, 'and nothing of it was kept')
    t.same(await types(), [])
  })

  await t.test('task.link maps, updates what is given, and moves [L17]', async (t) => {
    const [one, two] = [await create('One'), await create('Two')]
    const task = { system: 'Linear', externalId: 'L-1' }
    const url = 'https://linear.example/L-1'
    const link = (entryId: string, more = {}, minutes = 0) =>
      house.call(taskLink, acme, { entryId, ...task, ...more }, later(minutes))
    t.match(await link(one, { externalRef: '#386' }), {
      ...{ outcome: 'created', entryId: one, entryTitle: 'One', system: 'linear', previousEntryId: null },
    })
    t.match(await link(one, { externalUrl: url }, 1), { outcome: 'updated', previousEntryId: null })
    t.match(await link(one, { externalRef: '#386', externalUrl: url }), { outcome: 'unchanged' })
    t.match(await link(two, {}, 2), { outcome: 'updated', entryTitle: 'Two', previousEntryId: one })
    t.same(
      await types(),
      Array.from({ length: 3 }, () => 'gatehouse.task.linked.v1'),
    )
    t.match((await mappings())[0], { system: 'linear', externalRef: '#386', externalUrl: url, entry: { id: two } })
    const synced = { ...task, projectId: 'prj_web', title: 'Two as Linear has it' }
    t.match(await house.call(taskSyncFromExternal, acme, synced), { id: two, outcome: 'updated' })
    await house.takeEvents()
  })

  await t.test('one entry may stand for tasks of several systems', async (t) => {
    const id = await create('Many')
    for (const system of ['jira', 'replit']) await house.call(taskLink, acme, { entryId: id, system, externalId: 'M' })
    const of = (await mappings()).filter((one: { entry: { id: string } }) => one.entry.id === id)
    t.equal(of.length, 2)
    await house.takeEvents()
  })

  await t.test("another tenant's tasks and entries are its own: the same names mean others", async (t) => {
    const id = await create('Mine')
    await t.rejects(house.call(taskLink, globex, { entryId: id, system: 'jira', externalId: 'T-1' }), {
      code: 'unknown_entry',
    })
    const theirs = await house.call(taskSyncFromExternal, globex, { ...minimal('T-1'), title: 'CANARY' })
    t.equal(theirs.outcome, 'created')
    t.equal((await mappings(globex)).length, 1)
    t.notMatch(JSON.stringify(await mappings()), 'CANARY')
  })
})
