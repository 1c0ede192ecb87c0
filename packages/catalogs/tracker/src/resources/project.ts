import { defineResource } from '@gatehouse/catalog'
import type { Tracker } from '../domain.ts'
import { entryCounts } from '../entry-counts.ts'
import { countEntriesOfProject, findProjectDetail } from '../projects.store.ts'
import { activeRelease } from '../shapes.ts'
import { projectIds } from '../suggest.ts'
import { isId } from '../vocabulary.ts'

export const project = defineResource<Tracker>()({
  name: 'project',
  path: 'projects/{projectId}',
  title: 'Project',
  description: 'One project with the number of its entries by status, and the release that is being worked on.',
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: true,
  complete: { projectId: projectIds },
  async read({ projectId }, { transact }) {
    if (!isId(projectId)) return undefined
    return transact(async (tx) => {
      const row = await findProjectDetail(tx, projectId)
      if (row === undefined) return undefined
      const counts = await countEntriesOfProject(tx, projectId)
      const { id, name, description, created_at } = row
      return {
        id,
        name,
        description,
        createdAt: created_at.toISOString(),
        activeRelease: activeRelease(row),
        entries: entryCounts(counts),
      }
    })
  },
})
