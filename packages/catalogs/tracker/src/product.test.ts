import { test } from 'tap'
import { tracker } from './catalog.ts'
import { openProduct } from './product.ts'
import { project } from './resources/project.ts'
import { projects } from './resources/projects.ts'
import { releases } from './resources/releases.ts'
import { NOW, openTracker, principalOf } from './tracker.fixture.ts'

const acme = principalOf('acme')

test('what the product writes', async (t) => {
  const house = await openTracker(t)
  await house.project('globex', 'prj_foreign', 'CANARY')
  const openAt = (minutes: number, principal = acme) =>
    openProduct(
      { db: house.host.as(tracker.schema.role), now: () => new Date(NOW.getTime() + minutes * 60_000) },
      principal,
    )
  const types = async () => (await house.takeEvents()).map(({ event }) => event.type)

  const { id: web } = await openAt(0).createProject({ name: 'Web' })
  t.same(await types(), ['gatehouse.project.created.v1'])

  await t.test('a project is renamed once, and its event names no text', async (t) => {
    t.match(await openAt(1).updateProject(web, { name: 'Portal' }), { changed: true })
    const events = await house.takeEvents()
    t.match(events[0]?.event, { type: 'gatehouse.project.updated.v1', data: { projectId: web, edited: ['name'] } })
    t.notMatch(JSON.stringify(events), 'Portal')
    t.match(await openAt(1).updateProject(web, { name: 'Portal', description: '' }), { changed: false })
    t.same(await types(), [])
    t.match(await house.read(project, acme, { projectId: web }), { name: 'Portal' })
  })

  await t.test('a release is planned, worked on and out, and each step is announced [L15, L16]', async (t) => {
    const { id } = await openAt(2).createRelease(web, { name: '4.2', targetDate: '2026-05-31' })
    t.same(await types(), ['gatehouse.release.created.v1'])
    t.match(await house.read(releases, acme), {
      more: false,
      releases: [
        { id, project: { id: web, name: 'Portal' }, name: '4.2', status: 'planned', targetDate: '2026-05-31' },
      ],
    })
    await openAt(3).updateRelease(id, { status: 'active' })
    t.same(await types(), ['gatehouse.release.updated.v1'])
    t.match(await house.read(project, acme, { projectId: web }), { activeRelease: { id, name: '4.2' } })
    t.match(await house.read(projects, acme), { projects: [{ activeRelease: { id } }] })
    await openAt(4).updateRelease(id, { status: 'released' })
    t.same(await types(), ['gatehouse.release.updated.v1', 'gatehouse.release.released.v1'])
    t.match(await house.read(releases, acme), {
      releases: [{ status: 'released', releasedAt: new Date(NOW.getTime() + 240_000).toISOString() }],
    })
    t.match(await house.read(project, acme, { projectId: web }), { activeRelease: null })
    await t.rejects(openAt(5).updateRelease(id, { name: '4.3' }), { code: 'release_over' })
    t.match(await openAt(5).updateRelease(id, { status: 'released' }), { changed: false })
    t.same(await types(), [])
  })

  await t.test('a project has one active release', async (t) => {
    await openAt(6).createRelease(web, { name: '5.0', status: 'active' })
    await house.takeEvents()
    const another = openAt(6).createRelease(web, { name: '5.1', status: 'active' })
    await t.rejects(another, { code: 'active_release' })
    const { id } = await openAt(6).createRelease(web, { name: '5.1' })
    await t.rejects(openAt(7).updateRelease(id, { status: 'active' }), { code: 'active_release' })
    t.same(await types(), ['gatehouse.release.created.v1'], 'what was refused was not announced')
  })

  await t.test("another tenant's projects and releases are not there", async (t) => {
    const { id } = await openAt(8).createRelease(web, { name: 'Mine' })
    const globex = openAt(8, principalOf('globex'))
    for (const projectId of [web, 'none', 'a\0b']) {
      await t.rejects(globex.createRelease(projectId, { name: 'x' }), { code: 'unknown_project' })
      await t.rejects(globex.updateProject(projectId, { name: 'x' }), { code: 'unknown_project' })
    }
    for (const release of [id, 'none', 'a\0b']) {
      await t.rejects(globex.updateRelease(release, { name: 'x' }), { code: 'unknown_release' })
    }
    t.same(await house.read(releases, principalOf('globex')), { more: false, releases: [] })
    t.notMatch(JSON.stringify([await house.read(releases, acme), await house.read(projects, acme)]), 'CANARY')
  })
})
