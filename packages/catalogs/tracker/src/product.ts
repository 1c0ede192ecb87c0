import { newId, ToolFailure } from '@gatehouse/catalog'
import { type Database, isUniqueViolation, type Tx } from '@gatehouse/database'
import type { Principal } from '@gatehouse/policy'
import { ProjectCreated, ProjectUpdated, ReleaseCreated, ReleaseReleased, ReleaseUpdated } from './events.ts'
import { unknownProject } from './failures.ts'
import { announce } from './outbox.ts'
import { findProject, insertProject, lockProject, updateProject } from './projects.store.ts'
import { insertRelease, lockRelease, type ReleaseRow, updateRelease } from './releases.store.ts'
import { isId, type ReleaseStatus } from './vocabulary.ts'

/**
 * What the company's product writes and no tool does, each with its event in one transaction. Given values are as the tables check them.
 * Throws ToolFailure `unknown_project`, `unknown_release`, `active_release`, `release_over`.
 */
export interface Product {
  createProject(given: { readonly name: string; readonly description?: string | undefined }): Promise<{ id: string }>
  updateProject(id: string, given: ProjectChange): Promise<{ readonly changed: boolean }>
  createRelease(projectId: string, given: NewRelease): Promise<{ id: string }>
  updateRelease(id: string, given: ReleaseChange): Promise<{ readonly changed: boolean }>
}

export interface ProjectChange {
  readonly name?: string | undefined
  readonly description?: string | undefined
}

export interface NewRelease {
  readonly name: string
  readonly description?: string | undefined
  readonly status?: Exclude<ReleaseStatus, 'released'> | undefined
  /** `2026-05-31` */
  readonly targetDate?: string | null | undefined
}

export interface ReleaseChange {
  readonly name?: string | undefined
  readonly description?: string | undefined
  readonly status?: ReleaseStatus | undefined
  readonly targetDate?: string | null | undefined
}

/** @param principal in whose name; its tenant's rows are written */
export function openProduct(deps: { readonly db: Database; readonly now: () => Date }, principal: Principal): Product {
  const by = principal.subject
  const transact = <T>(body: (tx: Tx, call: { principal: Principal; now: Date }) => Promise<T>) =>
    deps.db.asTenant(principal.tenant, (tx) => body(tx, { principal, now: deps.now() }))
  return {
    createProject: ({ name, description = '' }) =>
      transact(async (tx, call) => {
        const id = newId('prj')
        await insertProject(tx, { id, name, description }, call.now)
        await announce(tx, call, ProjectCreated, { projectId: id, by })
        return { id }
      }),
    updateProject: (id, given) =>
      transact(async (tx, call) => {
        const before = isId(id) ? await lockProject(tx, id) : undefined
        if (before === undefined) throw unknownProject(id)
        const to = { name: given.name ?? before.name, description: given.description ?? before.description }
        const edited = (['name', 'description'] as const).filter((field) => to[field] !== before[field])
        if (edited.length === 0) return { changed: false }
        await updateProject(tx, id, to)
        await announce(tx, call, ProjectUpdated, { projectId: id, by, edited })
        return { changed: true }
      }),
    createRelease: (projectId, { name, description = '', status = 'planned', targetDate = null }) =>
      oneActive(
        transact(async (tx, call) => {
          if (!isId(projectId) || !(await findProject(tx, projectId))) throw unknownProject(projectId)
          const id = newId('rel')
          const row = { id, project_id: projectId, name, description, status, target_date: targetDate }
          await insertRelease(tx, row, call.now)
          await announce(tx, call, ReleaseCreated, { releaseId: id, projectId, by, status })
          return { id }
        }),
      ),
    updateRelease: (id, given) =>
      oneActive(
        transact(async (tx, call) => {
          const before = isId(id) ? await lockRelease(tx, id) : undefined
          if (before === undefined) throw new ToolFailure('unknown_release', 'There is no such release.')
          const { to, differences } = compare(before, given)
          if (Object.keys(differences).length === 0) return { changed: false }
          if (before.status === 'released') {
            throw new ToolFailure('release_over', 'The release is out and stays as it is.')
          }
          await updateRelease(tx, id, to, call.now)
          const about = { releaseId: id, projectId: before.project_id, by }
          await announce(tx, call, ReleaseUpdated, { ...about, ...differences })
          if (to.status === 'released') await announce(tx, call, ReleaseReleased, about)
          return { changed: true }
        }),
      ),
  }
}

/** Two that are made active at once meet in the index. */
async function oneActive<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!isUniqueViolation(error, 'releases_active')) throw error
    throw new ToolFailure('active_release', 'The project has an active release; release that one first.')
  }
}

function compare(before: ReleaseRow, given: ReleaseChange) {
  const to = {
    name: given.name ?? before.name,
    description: given.description ?? before.description,
    status: given.status ?? before.status,
    target_date: given.targetDate === undefined ? before.target_date : given.targetDate,
  }
  const edited = [
    ...(to.name === before.name ? [] : (['name'] as const)),
    ...(to.description === before.description ? [] : (['description'] as const)),
    ...(to.target_date === before.target_date ? [] : (['targetDate'] as const)),
  ]
  const differences = {
    ...(to.status === before.status ? {} : { status: { from: before.status, to: to.status } }),
    ...(edited.length === 0 ? {} : { edited }),
  }
  return { to, differences }
}
