import { defineResource } from '@gatehouse/catalog'
import type { Tracker } from '../domain.ts'
import { listEntries } from '../entries.store.ts'
import { entryCounts } from '../entry-counts.ts'
import { countEntriesOfProject, findProject } from '../projects.store.ts'
import { toEntry } from '../shapes.ts'
import { projectIds } from '../suggest.ts'
import { isId } from '../vocabulary.ts'

/** As many as a model can use in one read; `total` says how many there are. */
const SHOWN = 200

export const projectEntries = defineResource<Tracker>()({
  name: 'project-entries',
  path: 'projects/{projectId}/entries',
  title: 'Entries of a project',
  description: `The entries of a project without their descriptions, latest change first: at most ${SHOWN}, with the total.`,
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: true,
  complete: { projectId: projectIds },
  async read({ projectId }, { transact }) {
    if (!isId(projectId)) return undefined
    return transact(async (tx) => {
      const row = await findProject(tx, projectId)
      if (row === undefined) return undefined
      const { total } = entryCounts(await countEntriesOfProject(tx, projectId))
      const entries = (await listEntries(tx, projectId, SHOWN)).map(toEntry)
      return { project: { id: row.id, name: row.name }, total, shown: entries.length, entries }
    })
  },
})
