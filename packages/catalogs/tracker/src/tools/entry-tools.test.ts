import { ToolFailure } from '@gatehouse/catalog'
import { bareCall } from '@gatehouse/catalog/testing'
import { sql } from '@gatehouse/database'
import { test } from 'tap'
import { tracker } from '../catalog.ts'
import { entry } from '../resources/entry.ts'
import { NOW, openTracker, principalOf } from '../tracker.fixture.ts'
import { entryAddComment } from './entry-add-comment.ts'
import { entryCreate } from './entry-create.ts'
import { entryUpdateStatus } from './entry-update-status.ts'

const fails = (code: string) => ({ constructor: ToolFailure, code })
const acme = principalOf('acme')
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)

test('the tools that write entries', async (t) => {
  const house = await openTracker(t)
  await house.project('acme', 'prj_web')
  await house.project('globex', 'prj_secret', 'CANARY')
  const minimal = { projectId: 'prj_web', title: 'Login page is blank', type: 'bug_report' }
  const create = async (more: object = {}) => {
    const made = await house.call(entryCreate, acme, { ...minimal, ...more })
    await house.takeEvents()
    return made.id as string
  }

  await t.test('entry.create gives the defaults of the document and one event', async (t) => {
    const made = await house.call(entryCreate, acme, { ...minimal, title: '  Login page is blank ' })
    t.match(made, {
      id: /^ent_[0-9a-f]{32}$/,
      projectId: 'prj_web',
      title: 'Login page is blank',
      type: 'bug_report',
      status: 'open',
      priority: 'medium',
      assignee: null,
      reporter: { id: 'person_ada', name: null },
      commentCount: 0,
      createdAt: NOW.toISOString(),
      updatedAt: NOW.toISOString(),
    })
    const events = await house.takeEvents()
    t.equal(events.length, 1)
    t.match(events[0], {
      subject: 'domain.acme.entry.created',
      event: {
        type: 'gatehouse.entry.created.v1',
        tenantid: 'acme',
        source: '/catalogs/tracker',
        data: { entryId: made.id, projectId: 'prj_web', by: 'person_ada', status: 'open', assigneeId: null },
      },
    })
  })

  await t.test('entry.create keeps everything that is given', async (t) => {
    const given = {
      description: '# Steps\n1. Open',
      priority: 'critical',
      status: 'assigned',
      assignedToId: 'person_bo',
    }
    const id = await create(given)
    t.match(await house.read(entry, acme, { entryId: id }), {
      description: '# Steps\n1. Open',
      priority: 'critical',
      status: 'assigned',
      assignee: { id: 'person_bo' },
      comments: [],
    })
  })

  await t.test('entry.create refuses a project that is not there, another tenant has or cannot exist', async (t) => {
    for (const projectId of ['prj_none', 'prj_secret', "x' or true --", 'a\0b', '']) {
      await t.rejects(house.call(entryCreate, acme, { ...minimal, projectId }), fails('unknown_project'))
    }
    t.strictSame(await house.takeEvents(), [], 'nothing was announced')
  })

  await t.test('arguments outside the document do not parse', async (t) => {
    for (const wrong of [
      { title: 'x'.repeat(501) },
      { title: '' },
      { title: 'nul \0' },
      { type: 'epic' },
      { priority: 'urgent' },
      { status: 'closed' },
      { assignedToId: 'x'.repeat(201) },
      { assignee: 'person_bo' },
    ]) {
      t.notOk(entryCreate.input.safeParse({ ...minimal, ...wrong }).success, Object.keys(wrong).join())
    }
    t.ok(entryCreate.input.safeParse({ ...minimal, title: 'x'.repeat(500) }).success)
    await t.rejects(house.call(entryCreate, acme, { ...minimal, title: ' \n' }), fails('empty_text'))
  })

  await t.test('entry.update_status changes what is given and tells before and after', async (t) => {
    const id = await create()
    const wanted = { entryId: id, status: 'in_progress', assignedToId: 'person_bo' }
    const now = await house.call(entryUpdateStatus, acme, wanted, { now: later(5) })
    t.match(now, {
      status: 'in_progress',
      priority: 'medium',
      assignee: { id: 'person_bo' },
      updatedAt: later(5).toISOString(),
      changed: ['status', 'assigneeId'],
    })
    const events = await house.takeEvents()
    t.equal(events.length, 1)
    t.equal(events[0]?.subject, 'domain.acme.entry.updated')
    t.strictSame(events[0]?.event.data, {
      entryId: id,
      projectId: 'prj_web',
      by: 'person_ada',
      status: { from: 'open', to: 'in_progress' },
      assigneeId: { from: null, to: 'person_bo' },
    })
  })

  await t.test('entry.update_status a second time changes nothing and announces nothing', async (t) => {
    const id = await create()
    const wanted = { entryId: id, status: 'solved', priority: 'high' }
    await house.call(entryUpdateStatus, acme, wanted, { now: later(1) })
    await house.takeEvents()
    const again = await house.call(entryUpdateStatus, acme, wanted, { now: later(2) })
    t.match(again, { status: 'solved', changed: [], updatedAt: later(1).toISOString() })
    t.strictSame(await house.takeEvents(), [])
  })

  await t.test('entry.update_status with null takes the assignee away', async (t) => {
    const id = await create({ assignedToId: 'person_bo' })
    t.match(await house.call(entryUpdateStatus, acme, { entryId: id, assignedToId: null }), {
      assignee: null,
      changed: ['assigneeId'],
    })
    await house.takeEvents()
  })

  await t.test('entry.update_status without anything to update says so', async (t) => {
    await t.rejects(house.call(entryUpdateStatus, acme, { entryId: await create() }), fails('nothing_to_update'))
  })

  await t.test('entry.add_comment counts, moves the entry up and announces', async (t) => {
    const id = await create()
    const first = await house.call(
      entryAddComment,
      acme,
      { entryId: id, content: 'Seen on **Safari** too' },
      { now: later(3) },
    )
    t.match(first, {
      commentId: /^cmt_/,
      entryId: id,
      entryTitle: minimal.title,
      projectId: 'prj_web',
      commentCount: 1,
    })
    await house.call(
      entryAddComment,
      principalOf('acme', 'person_bo'),
      { entryId: id, content: 'Fixed' },
      { now: later(4) },
    )
    t.match(await house.read(entry, acme, { entryId: id }), {
      commentCount: 2,
      updatedAt: later(4).toISOString(),
      comments: [
        { id: first.commentId, author: { id: 'person_ada' }, content: 'Seen on **Safari** too' },
        { author: { id: 'person_bo' }, content: 'Fixed', createdAt: later(4).toISOString() },
      ],
    })
    const events = await house.takeEvents()
    t.same(
      events.map(({ subject }) => subject),
      ['domain.acme.entry.commented', 'domain.acme.entry.commented'],
    )
    t.match(events[0]?.event.data, { entryId: id, projectId: 'prj_web', commentId: first.commentId })
    t.notMatch(JSON.stringify(events), 'Safari', 'the text stays in the database')
  })

  await t.test("another tenant's entry is as unknown as none", async (t) => {
    const id = await create()
    const globex = principalOf('globex')
    for (const entryId of [id, 'ent_none', 'a\0b']) {
      await t.rejects(house.call(entryUpdateStatus, globex, { entryId, status: 'solved' }), fails('unknown_entry'))
      await t.rejects(house.call(entryAddComment, globex, { entryId, content: 'hello' }), fails('unknown_entry'))
    }
    t.match(await house.read(entry, acme, { entryId: id }), { status: 'open', commentCount: 0 })
    t.strictSame(await house.takeEvents(), [])
  })

  await t.test('once a directory is known, an assignee must be in it', async (t) => {
    const tenant = principalOf('initech')
    await house.project('initech', 'prj_pay')
    await house.person('initech', 'person_cy', 'Cy Twombly')
    const input = { ...minimal, projectId: 'prj_pay' }
    const refused = house.call(entryCreate, tenant, { ...input, assignedToId: 'Cy Twombly' })
    await t.rejects(refused, { code: 'unknown_assignee', message: /Cy Twombly \(person_cy\)/ })
    t.strictSame(await house.takeEvents(), [])
    const made = await house.call(entryCreate, tenant, { ...input, assignedToId: 'person_cy' })
    t.match(made, { assignee: { id: 'person_cy', name: 'Cy Twombly' } })
    const wanted = { entryId: made.id, status: 'assigned', assignedToId: 'person_zz' }
    await house.takeEvents()
    await t.rejects(house.call(entryUpdateStatus, tenant, wanted), fails('unknown_assignee'))
    t.match(await house.read(entry, tenant, { entryId: String(made.id) }), { status: 'open' }, 'nothing was changed')
    t.strictSame(await house.takeEvents(), [])
  })

  await t.test('a mutation and its event stand or fall together', async (t) => {
    const db = house.host.as(tracker.schema.role)
    const id = await create()
    const domain = { transact: <T>(body: Parameters<typeof db.asTenant<T>>[1]) => db.asTenant('acme', body) }
    const call = bareCall(acme, { now: NOW })
    const broken: typeof domain = {
      transact: (body) =>
        domain.transact(async (tx) => {
          await body(tx)
          throw new Error('the line breaks before the commit')
        }),
    }
    const context = Object.assign(call, broken)
    for (const doomed of [
      () => entryCreate.run(entryCreate.input.parse(minimal), context),
      () => entryUpdateStatus.run({ entryId: id, status: 'solved' }, context),
      () => entryAddComment.run({ entryId: id, content: 'lost' }, context),
    ]) {
      await t.rejects(doomed() as Promise<unknown>, { message: 'the line breaks before the commit' })
    }
    t.strictSame(await house.takeEvents(), [])
    t.match(await house.read(entry, acme, { entryId: id }), { status: 'open', comments: [] })
    await t.rejects(
      db.asTenant('acme', (tx) =>
        tx.run(sql`
          insert into tracker.outbox (id, subject, event, headers)
          values ('x', 'domain.globex.entry.created', '{"tenantid":"globex"}', '{}')`),
      ),
      { code: '42501' },
      'a tenant cannot speak for another',
    )
  })
})
