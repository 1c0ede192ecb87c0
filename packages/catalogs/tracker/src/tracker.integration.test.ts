import { copyFile, readdir } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { ident, openDatabase, sql } from '@gatehouse/database'
import { overTx } from '@gatehouse/database/testing'
import { postgres, temporaryFolder } from '@gatehouse/testkit'
import { test } from 'tap'
import { tracker } from './catalog.ts'
import { listComments } from './comments.store.ts'
import { listEntries } from './entries.store.ts'
import { openProduct } from './product.ts'
import { countEntriesOfProject } from './projects.store.ts'
import { entry } from './resources/entry.ts'
import { searchEverything } from './search.store.ts'
import { entryAddComment } from './tools/entry-add-comment.ts'
import { entryCreate } from './tools/entry-create.ts'
import { entryUpdateStatus } from './tools/entry-update-status.ts'
import { searchGlobal } from './tools/search-global.ts'
import { taskLink } from './tools/task-link.ts'
import { taskSyncFromExternal } from './tools/task-sync-from-external.ts'
import { type Fixture, NOW, openTracker, principalOf } from './tracker.fixture.ts'

const acme = principalOf('acme')
const later = (minutes: number) => new Date(NOW.getTime() + minutes * 60_000)

interface Step {
  readonly from: string
  readonly to: string
}

test('the tracker on PostgreSQL', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  await host.migrate([tracker.schema])
  const house = await openTracker(t, host)
  await house.project('acme', 'prj_web', 'Web')
  await house.project('globex', 'prj_web', 'CANARY')
  const create = async (title: string, tenant = 'acme') => {
    const input = { projectId: 'prj_web', title, type: 'bug_report' }
    return (await house.call(entryCreate, principalOf(tenant), input)).id as string
  }

  await t.test(
    'two status updates at once end consistent: two events, each beginning where the other ended',
    async (t) => {
      const id = await create('Wanted by two')
      await house.takeEvents()
      await Promise.all([
        house.call(entryUpdateStatus, acme, { entryId: id, status: 'in_progress' }, { now: later(1) }),
        house.call(entryUpdateStatus, acme, { entryId: id, status: 'solved' }, { now: later(1) }),
      ])
      const events = await house.takeEvents()
      t.equal(events.length, 2)
      const [first, second] = events.map(({ event }) => (event.data as { status: Step }).status)
      t.equal(first?.from, 'open')
      t.equal(second?.from, first?.to)
      t.match(await house.read(entry, acme, { entryId: id }), { status: second?.to })
    },
  )

  await t.test('of ten equal updates at once, one changes the entry and one event tells of it', async (t) => {
    const id = await create('Solved by ten')
    await house.takeEvents()
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => house.call(entryUpdateStatus, acme, { entryId: id, status: 'solved' })),
    )
    t.equal(answers.filter(({ changed }) => (changed as string[]).length > 0).length, 1)
    t.equal((await house.takeEvents()).length, 1)
  })

  await t.test('comments at once are all counted, each with its event', async (t) => {
    const id = await create('Much discussed')
    await house.takeEvents()
    const counts = await Promise.all(
      Array.from({ length: 8 }, async (_, n) => {
        const done = await house.call(entryAddComment, acme, { entryId: id, content: `Remark ${n}` })
        return done.commentCount as number
      }),
    )
    t.same(
      counts.sort((a, b) => a - b),
      [1, 2, 3, 4, 5, 6, 7, 8],
    )
    const read = await house.read(entry, acme, { entryId: id })
    t.equal(read.commentCount, 8)
    t.equal(read.comments.length, 8)
    t.equal((await house.takeEvents()).length, 8)
  })

  await t.test('50 equal syncs of one task at once make one entry, one mapping and its events [L17]', async (t) => {
    await house.takeEvents()
    const task = { system: 'jira', externalId: 'T-50', projectId: 'prj_web', title: 'Wanted by fifty' }
    const answers = await Promise.all(Array.from({ length: 50 }, () => house.call(taskSyncFromExternal, acme, task)))
    t.equal(new Set(answers.map(({ id }) => id)).size, 1)
    t.equal(answers.filter(({ outcome }) => outcome === 'created').length, 1)
    t.equal(answers.filter(({ outcome }) => outcome === 'unchanged').length, 49)
    const db = house.host.as(tracker.schema.role)
    const { entries, mappings } = await db.asTenant('acme', (tx) =>
      tx.one(sql`
        select (select count(*)::int from tracker.entries where title = ${task.title}) as entries,
          (select count(*)::int from tracker.task_mappings where external_id = 'T-50') as mappings`),
    )
    t.same({ entries, mappings }, { entries: 1, mappings: 1 })
    t.same(
      (await house.takeEvents()).map(({ event }) => event.type),
      ['gatehouse.entry.created.v1', 'gatehouse.task.linked.v1'],
    )
  })

  await t.test(
    'syncs of one task that differ, links and updates at once end in one state, counted right',
    async (t) => {
      const task = { system: 'jira', externalId: 'T-51', projectId: 'prj_web', title: 'Contended' }
      const { id } = await house.call(taskSyncFromExternal, acme, task)
      const statuses = ['open', 'assigned', 'in_progress', 'deployed', 'solved']
      await Promise.all(
        Array.from({ length: 40 }, (_, n) => {
          const status = statuses[n % 5]
          if (n % 4 === 0) return house.call(taskLink, acme, { entryId: id, system: 'jira', externalId: 'T-51' })
          if (n % 4 === 1) return house.call(entryUpdateStatus, acme, { entryId: id, status })
          return house.call(taskSyncFromExternal, acme, { ...task, status, externalRef: `#${n}` })
        }),
      )
      const db = house.host.as(tracker.schema.role)
      const differing = await db.asTenant('acme', (tx) =>
        tx.rows(sql`
        select * from (
          select project_id, status, count(*)::bigint as count from tracker.entries group by 1, 2
        ) real full join (
          select project_id, status, count from tracker.entry_counts where count > 0
        ) kept using (project_id, status, count)
        where real is null or kept is null`),
      )
      t.same(differing, [])
    },
  )

  await t.test('of ten releases that become active at once, one does [L15]', async (t) => {
    await house.project('acme', 'prj_race', 'Race')
    const product = openProduct({ db: house.host.as(tracker.schema.role), now: () => NOW }, acme)
    const ends = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => product.createRelease('prj_race', { name: `${n}`, status: 'active' })),
    )
    t.equal(ends.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const end of ends) if (end.status === 'rejected') t.match(end.reason, { code: 'active_release' })
    await house.takeEvents()
  })

  await t.test('the demo of two processes that start at once is written once', async (t) => {
    const db = house.host.as(tracker.schema.role)
    const people = [{ id: 'p1', email: 'owner@acme.test', name: 'Owner', role: 'owner' }]
    const tenant = { id: 'ten_demo', slug: 'acme', name: 'Acme', people }
    await Promise.all([tracker.demo({ db, now: NOW }, tenant), tracker.demo({ db, now: later(1) }, tenant)])
    const counted = await db.asTenant('ten_demo', (tx) =>
      tx.one(sql`
        select (select count(*)::int from tracker.entries) as entries,
          (select count(*)::int from tracker.comments) as comments,
          (select sum(comment_count)::int from tracker.entries) as counted`),
    )
    t.equal(counted.entries, 40)
    t.equal(counted.comments, counted.counted)
  })

  await t.test('the run-time role is held to the tenant, row by row and column by column', async (t) => {
    const id = await create('Mine')
    const db = house.host.as(tracker.schema.role)
    const globex = <T>(body: Parameters<typeof db.asTenant<T>>[1]) => db.asTenant('globex', body)
    for (const table of ['projects', 'entries', 'comments', 'people', 'releases', 'task_mappings', 'entry_counts']) {
      const rows = sql`select tenant_id from ${ident(`tracker.${table}`)}`
      t.same(await db.asPlatform('test', (tx) => tx.rows(rows)), [], `${table}: no tenant, no rows`)
      const seen = await globex((tx) => tx.rows<{ tenant_id: string }>(rows))
      t.ok(
        seen.every(({ tenant_id }) => tenant_id === 'globex'),
        `${table}: own rows only`,
      )
    }
    t.equal(await globex((tx) => tx.run(sql`update tracker.entries set status = 'solved' where id = ${id}`)), 0)
    const forbidden = { code: '42501' }
    await t.rejects(
      globex((tx) =>
        tx.run(sql`insert into tracker.people (tenant_id, id, name, email) values ('acme', 'x', 'x', 'x')`),
      ),
      forbidden,
      'a row for another tenant',
    )
    await t.rejects(
      globex((tx) => tx.run(sql`delete from tracker.entries`)),
      forbidden,
      'deleting',
    )
    await t.rejects(
      globex((tx) => tx.run(sql`update tracker.entries set tenant_id = 'acme'`)),
      forbidden,
      'moving a row',
    )
    await t.rejects(
      globex((tx) => tx.run(sql`update tracker.comments set content = ''`)),
      forbidden,
      'rewriting a comment',
    )
    t.same(await globex((tx) => tx.rows(sql`select * from tracker.outbox`)), [], 'the outbox is not for tenants')
  })

  await t.test('a foreign key cannot reach into another tenant', async (t) => {
    await house.project('globex', 'prj_only_globex', 'CANARY')
    const db = house.host.as(tracker.schema.role)
    await t.rejects(
      db.asTenant('acme', (tx) =>
        tx.run(sql`
          insert into tracker.entries
            (id, project_id, title, type, priority, status, reporter_id, created_at, updated_at)
          values ('ent_x', 'prj_only_globex', 't', 'feedback', 'low', 'open', 'p', now(), now())`),
      ),
      { code: '23503' },
    )
  })

  await t.test('search finds and isolates as it does embedded', async (t) => {
    await create('Exporting canaries', 'globex')
    await create('Exporting invoices')
    const { results } = await house.call(searchGlobal, acme, { q: 'export' })
    t.match(results, [{ title: 'Exporting invoices' }])
    t.equal((results as unknown[]).length, 1)
  })

  await t.test('with 100,000 entries each list and the search use an index, as the run-time role', async (t) => {
    await generate(house)
    const plan = (run: (tx: ExplainTx) => Promise<unknown>) => explain(house, 'big', run)
    const list = await plan((tx) => listEntries(tx, 'prj_7', 200))
    t.match(list, 'entries_latest')
    t.notMatch(list, 'Seq Scan on entries')
    t.notMatch(list, /Sort Key: e\.updated_at/, 'the index gives the order')
    const comments = await plan((tx) => listComments(tx, 'ent_77', 200))
    t.match(comments, 'comments_of_entry')
    t.notMatch(comments, 'Seq Scan on comments')
    const count = await plan((tx) => countEntriesOfProject(tx, 'prj_7'))
    t.match(count, 'entry_counts_pkey')
    t.strictSame(
      await costOfSearch(house, 'big', 'needle'),
      { found: 6, full_scans: 0, fetched: 6, index_scans: 1 },
      'the search looks at what it finds and no more',
    )
  })
})

test('entries that were there before counts were kept are counted by the upgrade', async (t) => {
  const { url } = await postgres(t)
  const host = await openDatabase(url)
  t.teardown(() => host.close())
  const { migrations } = tracker.schema
  const before = pathToFileURL(`${temporaryFolder(t)}/`)
  const files = (await readdir(migrations)).sort().filter((file) => file < '0007')
  for (const file of files) await copyFile(new URL(file, migrations), new URL(file, before))
  await host.migrate([{ ...tracker.schema, migrations: before }])
  const db = host.as(tracker.schema.role)
  for (const [tenant, entries] of [
    ['acme', 7],
    ['globex', 3],
  ] as const) {
    await db.asTenant(tenant, async (tx) => {
      await tx.run(sql`insert into tracker.projects (id, name, created_at) values ('prj_1', 'One', ${NOW})`)
      await tx.run(sql`
        insert into tracker.entries (id, project_id, title, type, priority, status, reporter_id, created_at, updated_at)
        select 'ent_' || n, 'prj_1', 'Old', 'feedback', 'low', 'open', 'p', ${NOW}, ${NOW}
        from generate_series(1, ${entries}::integer) n`)
    })
  }
  await host.migrate([tracker.schema])
  for (const [tenant, count] of [
    ['acme', 7],
    ['globex', 3],
  ] as const) {
    t.same(await db.asTenant(tenant, (tx) => countEntriesOfProject(tx, 'prj_1')), [
      { project_id: 'prj_1', status: 'open', count },
    ])
  }
})

type ExplainTx = Parameters<typeof listEntries>[0]

/** 100,000 entries and 25,000 comments, 60 percent of them of the tenant `big`, in 50 projects each. */
async function generate(house: Fixture): Promise<void> {
  const db = house.host.as(tracker.schema.role)
  for (const [tenant, entries] of [
    ['big', 60_000],
    ['other', 40_000],
  ] as const) {
    await db.asTenant(tenant, async (tx) => {
      await tx.run(sql`
        insert into tracker.projects (id, name, created_at)
        select 'prj_' || n, 'Project ' || n, ${NOW} from generate_series(1, 50) n`)
      await tx.run(sql`
        insert into tracker.entries
          (id, project_id, title, type, priority, status, reporter_id, created_at, updated_at)
        select 'ent_' || n, 'prj_' || (n % 50 + 1), case when n % 10000 = 0 then 'Needle ' else 'Hay ' end || n,
          'feedback', 'low', (array['open', 'assigned', 'in_progress', 'deployed', 'solved'])[n % 5 + 1], 'p', ${NOW},
          ${NOW}::timestamptz - n * interval '1 minute'
        from generate_series(1, ${entries}::integer) n`)
      await tx.run(sql`
        insert into tracker.comments (id, entry_id, author_id, content, created_at)
        select 'cmt_' || n, 'ent_' || (n % 1000 + 1), 'p', 'Remark', ${NOW}
        from generate_series(1, ${entries}::integer / 4) n`)
    })
  }
}

/** The plan of the one statement that `run` sends, with its values, as the run-time role sees it. */
function explain(house: Fixture, tenant: string, run: (tx: ExplainTx) => Promise<unknown>): Promise<string> {
  return house.host.as(tracker.schema.role).asTenant(tenant, async (tx) => {
    let plan = ''
    const explained: ExplainTx = overTx(tx, {
      rows: async (statement) => {
        const text = `explain (costs off) ${statement.text}`
        const rows = await tx.rows<Record<'QUERY PLAN', string>>({ text, values: statement.values })
        plan = rows.map((row) => row['QUERY PLAN']).join('\n')
        return []
      },
    })
    await run(explained)
    return plan
  })
}

/** What one search costs, as the session's own statistics count it: the plan inside a function cannot be asked for. */
function costOfSearch(house: Fixture, tenant: string, q: string) {
  const counters = sql`
    select seq_scan::int as full_scans, idx_tup_fetch::int as fetched,
      pg_stat_get_xact_numscans('tracker.entries_search'::regclass)::int as index_scans
    from pg_stat_xact_user_tables where schemaname = 'tracker' and relname = 'entries'`
  return house.host.as(tracker.schema.role).asTenant(tenant, async (tx) => {
    const before = await tx.one<Record<string, number>>(counters)
    const found = (await searchEverything(tx, q, 50)).length
    const after = await tx.one<Record<string, number>>(counters)
    const cost = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)])
    return { found, ...Object.fromEntries(cost) }
  })
}
