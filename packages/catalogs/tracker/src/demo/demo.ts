import { createHash } from 'node:crypto'
import type { DemoTenant } from '@gatehouse/catalog'
import type { Database } from '@gatehouse/database'
import {
  type DemoRows,
  hasProjects,
  insertComments,
  insertEntries,
  insertPeople,
  insertProjects,
  insertReleases,
  insertTaskMappings,
} from './demo.store.ts'
import { type Part, type Story, storyOf } from './story.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/**
 * Fills a tenant that has no project yet, in one transaction and without events: it is the state that a story starts from.
 * Ids are made from the texts, so that two processes that start at once write the same rows.
 */
export async function demo(deps: { readonly db: Database; readonly now: Date }, tenant: DemoTenant): Promise<void> {
  const rows = demoRows(storyOf(tenant.slug), tenant, deps.now)
  await deps.db.asTenant(tenant.id, async (tx) => {
    if (await hasProjects(tx)) return
    await insertPeople(tx, rows.people)
    await insertProjects(tx, rows.projects)
    await insertEntries(tx, rows.entries)
    await insertComments(tx, rows.comments)
    await insertReleases(tx, rows.releases)
    await insertTaskMappings(tx, rows.taskMappings)
  })
}

/** The rows of a story: entries as many days ago as it says, comments between then and now. Pure. */
export function demoRows(story: Story, tenant: DemoTenant, now: Date): DemoRows {
  const person = cast(tenant)
  const projects = story.map(({ name, about }) => {
    const created_at = new Date(now.getTime() - 400 * DAY + minutesOf(name) * 60_000)
    return { id: idOf('prj', tenant.id, name), name, description: about, created_at }
  })
  const told = story.flatMap((project) => project.entries.map((entry) => ({ ...entry, project: project.name })))
  const tellings = told.map(({ project, title, task, text, is, said }) => {
    const id = idOf('ent', tenant.id, project, title)
    const created_at = new Date(now.getTime() - is.days * DAY - minutesOf(title) * 60_000)
    const comments = said.map((remark, index) => ({
      id: idOf('cmt', tenant.id, title, String(index)),
      entry_id: id,
      author_id: person(remark.by),
      content: remark.text,
      created_at: between(created_at, now, index + 1, said.length + 1),
    }))
    const entry = {
      id,
      project_id: idOf('prj', tenant.id, project),
      title,
      type: is.type,
      description: text,
      priority: is.priority,
      status: is.status,
      reporter_id: person(is.by),
      assignee_id: is.to === null ? null : person(is.to),
      comment_count: comments.length,
      created_at,
      updated_at: comments.at(-1)?.created_at ?? created_at,
    }
    const mappings = (task === undefined ? [] : [task]).map(({ system, externalId }) => ({
      system,
      external_id: externalId,
      entry_id: id,
      external_ref: /^\d+$/.test(externalId) ? `#${externalId}` : externalId,
      external_url: `https://${system}.example/${tenant.slug}/${externalId}`,
      created_at,
      updated_at: created_at,
    }))
    return { entry, comments, mappings }
  })
  return {
    people: tenant.people.map(({ id, name, email }) => ({ id, name, email })),
    projects,
    releases: story.flatMap(({ name, releases }) =>
      releases.map((release) => releaseOf(release, idOf('prj', tenant.id, name), tenant.id, now)),
    ),
    taskMappings: tellings.flatMap(({ mappings }) => mappings),
    entries: tellings.map(({ entry }) => entry),
    comments: tellings.flatMap(({ comments }) => comments),
  }
}

function releaseOf(
  { name, status, dueIn, ago, brings }: Story[number]['releases'][number],
  project_id: string,
  tenant: string,
  now: Date,
): DemoRows['releases'][number] {
  const day = (days: number) => new Date(now.getTime() + days * DAY)
  const released_at = ago === null ? null : day(-ago)
  return {
    id: idOf('rel', tenant, project_id, name),
    project_id,
    name,
    description: brings,
    status,
    target_date: dueIn === null ? null : day(dueIn).toISOString().slice(0, 10),
    created_at: day(-90),
    updated_at: released_at ?? day(status === 'active' ? -14 : -40),
    released_at,
  }
}

/** Who plays a part: the consultant is known by the address, others by their role; a part nobody has goes to the first person. */
function cast(tenant: DemoTenant): (part: Part) => string {
  return (part) => {
    const found =
      part === 'consultant'
        ? tenant.people.find(({ email }) => email.startsWith('consultant@'))
        : tenant.people.find(({ role, email }) => role === part && !email.startsWith('consultant@'))
    return found?.id ?? tenant.people.find(({ role }) => role === 'member')?.id ?? tenant.people[0]?.id ?? part
  }
}

const digest = (...parts: readonly string[]) => createHash('sha256').update(JSON.stringify(parts)).digest()

const idOf = (kind: string, ...parts: readonly string[]) =>
  `${kind}_${digest(...parts)
    .toString('hex')
    .slice(0, 32)}`

/** Some minute of a working day, always the same for the same text. */
const minutesOf = (text: string) => digest(text).readUInt16BE(0) % (9 * 60)

/** The `index`-th of `count` steps from one time to another, the first within two days, as answers come. */
function between(from: Date, to: Date, index: number, count: number): Date {
  const span = Math.min(to.getTime() - from.getTime(), count * 2 * DAY)
  return new Date(from.getTime() + Math.floor((span * index) / count))
}
