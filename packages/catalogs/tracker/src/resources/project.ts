import { defineResource } from '@gatehouse/catalog'
import type { Tracker } from '../domain.ts'
import { entryCounts } from '../entry-counts.ts'
import { countEntriesOfProject, findProject } from '../projects.store.ts'
import { isId } from '../vocabulary.ts'

export const project = defineResource<Tracker>()({
  name: 'project',
  path: 'projects/{projectId}',
  title: 'Project',
  description: 'One project with the number of its entries by status.',
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: true,
  async read({ projectId }, { transact }) {
    if (!isId(projectId)) return undefined
    return transact(async (tx) => {
      const row = await findProject(tx, projectId)
      if (row === undefined) return undefined
      const counts = await countEntriesOfProject(tx, projectId)
      const { id, name, description, created_at } = row
      return { id, name, description, createdAt: created_at.toISOString(), entries: entryCounts(counts) }
    })
  },
})
