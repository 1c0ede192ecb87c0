import { defineResource } from '@gatehouse/catalog'
import type { Tracker } from '../domain.ts'
import { entryCounts } from '../entry-counts.ts'
import { countEntriesByProject, listProjects } from '../projects.store.ts'

export const projects = defineResource<Tracker>()({
  name: 'projects',
  path: 'projects',
  title: 'Projects',
  description: 'All projects of the workspace with the number of their entries by status.',
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: true,
  read: (_variables, { transact }) =>
    transact(async (tx) => {
      const rows = await listProjects(tx)
      const counts = await countEntriesByProject(tx)
      return {
        projects: rows.map(({ id, name, description, created_at }) => ({
          id,
          name,
          description,
          createdAt: created_at.toISOString(),
          entries: entryCounts(counts.filter((count) => count.project_id === id)),
        })),
      }
    }),
})
