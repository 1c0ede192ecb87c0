import { test } from 'tap'
import { entryAddComment } from '../tools/entry-add-comment.ts'
import { entryCreate } from '../tools/entry-create.ts'
import { NOW, openTracker, principalOf } from '../tracker.fixture.ts'
import { entry } from './entry.ts'
import { project } from './project.ts'
import { projectEntries } from './project-entries.ts'
import { projects } from './projects.ts'

const acme = principalOf('acme')
const none = { total: 0, open: 0, assigned: 0, in_progress: 0, deployed: 0, solved: 0 }

test('the resources', async (t) => {
  const house = await openTracker(t)
  await house.project('acme', 'prj_web', 'Web', 'The web app')
  await house.project('acme', 'prj_api', 'API')
  // The same ids in another tenant: only the tenant tells them apart.
  await house.project('globex', 'prj_web', 'CANARY web')
  await house.person('acme', 'person_ada', 'Ada')
  const add = async (title: string, more: object = {}, tenant = 'acme', minutes = 0) => {
    const input = { projectId: 'prj_web', title, type: 'feedback', ...more }
    const now = new Date(NOW.getTime() + minutes * 60_000)
    return (await house.call(entryCreate, principalOf(tenant), input, { now })).id as string
  }
  const oldest = await add('Oldest', { description: 'Long **text**', assignedToId: 'person_ada' }, 'acme', 1)
  const newest = await add('Newest', { status: 'solved' }, 'acme', 2)
  const foreign = await add('CANARY entry', { description: 'CANARY' }, 'globex', 3)
  await house.call(entryAddComment, principalOf('globex'), { entryId: foreign, content: 'CANARY comment' })

  await t.test('projects: all of them by name, with their entries counted by status', async (t) => {
    t.strictSame(await house.read(projects, acme), {
      more: false,
      projects: [
        {
          id: 'prj_api',
          name: 'API',
          description: '',
          createdAt: NOW.toISOString(),
          activeRelease: null,
          entries: none,
        },
        {
          id: 'prj_web',
          name: 'Web',
          description: 'The web app',
          createdAt: NOW.toISOString(),
          activeRelease: null,
          entries: { ...none, total: 2, open: 1, solved: 1 },
        },
      ],
    })
    t.strictSame(await house.read(projects, principalOf('nobody')), { more: false, projects: [] })
  })

  await t.test('projects/{projectId}: one of them', async (t) => {
    t.match(await house.read(project, acme, { projectId: 'prj_web' }), {
      id: 'prj_web',
      name: 'Web',
      entries: { total: 2, open: 1, solved: 1 },
    })
  })

  await t.test('projects/{projectId}/entries: latest change first, without descriptions', async (t) => {
    const read = await house.read(projectEntries, acme, { projectId: 'prj_web' })
    t.match(read, { project: { id: 'prj_web', name: 'Web' }, total: 2, shown: 2 })
    t.same(
      read.entries.map(({ id }: { id: string }) => id),
      [newest, oldest],
    )
    t.match(read.entries[1], { assignee: { id: 'person_ada', name: 'Ada' }, reporter: { name: 'Ada' } })
    t.notOk('description' in read.entries[1])
    const late = new Date(NOW.getTime() + 600_000)
    await house.call(entryAddComment, acme, { entryId: oldest, content: 'First' }, { now: late })
    const moved = await house.read(projectEntries, acme, { projectId: 'prj_web' })
    t.match(moved.entries[0], { id: oldest, commentCount: 1, updatedAt: late.toISOString() })
  })

  await t.test('projects/{projectId}/entries: shows 200 of more and says how many there are', async (t) => {
    await house.project('acme', 'prj_big')
    for (let n = 0; n < 203; n += 1) await add(`Entry ${n}`, { projectId: 'prj_big' }, 'acme', n)
    const read = await house.read(projectEntries, acme, { projectId: 'prj_big' })
    t.match(read, { total: 203, shown: 200 })
    t.equal(read.entries.length, 200)
    t.equal(read.entries[0].title, 'Entry 202')
  })

  await t.test('entries/{entryId}: with its description and its comments in the order of writing', async (t) => {
    await house.call(
      entryAddComment,
      acme,
      { entryId: oldest, content: 'Second' },
      { now: new Date(NOW.getTime() + 700_000) },
    )
    t.match(await house.read(entry, acme, { entryId: oldest }), {
      id: oldest,
      projectId: 'prj_web',
      projectName: 'Web',
      title: 'Oldest',
      description: 'Long **text**',
      commentCount: 2,
      comments: [{ content: 'First', author: { id: 'person_ada', name: 'Ada' } }, { content: 'Second' }],
    })
  })

  await t.test('what is not there, foreign or no id at all is undefined', async (t) => {
    t.ok(await house.read(entry, principalOf('globex'), { entryId: foreign }), 'it is there for its own tenant')
    for (const id of [foreign, 'none', '', 'a\0b', "x' or true --", '../prj_web', 'x'.repeat(1000)]) {
      t.equal(await house.read(entry, acme, { entryId: id }), undefined)
      t.equal(await house.read(project, acme, { projectId: id }), undefined)
      t.equal(await house.read(projectEntries, acme, { projectId: id }), undefined)
    }
  })

  await t.test('nothing of another tenant shows through, even where ids are the same', async (t) => {
    const seen = JSON.stringify([
      await house.read(projects, acme),
      await house.read(project, acme, { projectId: 'prj_web' }),
      await house.read(projectEntries, acme, { projectId: 'prj_web' }),
    ])
    t.notMatch(seen, 'CANARY')
    t.match(JSON.stringify(await house.read(projects, principalOf('globex'))), 'CANARY')
  })
})
