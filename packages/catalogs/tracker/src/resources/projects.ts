import { defineResource } from '@gatehouse/catalog'
import type { Tracker } from '../domain.ts'
import { entryCounts } from '../entry-counts.ts'
import { countEntriesByProject, listProjects } from '../projects.store.ts'
import { activeRelease } from '../shapes.ts'

const SHOWN = 500

export const projects = defineResource<Tracker>()({
  name: 'projects',
  path: 'projects',
  title: 'Projects',
  description: `The projects of the workspace by name, each with the number of its entries by status and its active release: at most ${SHOWN}.`,
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: true,
  read: (_variables, { transact }) =>
    transact(async (tx) => {
      const rows = await listProjects(tx, SHOWN + 1)
      const counts = await countEntriesByProject(tx)
      return {
        more: rows.length > SHOWN,
        projects: rows.slice(0, SHOWN).map((row) => ({
          id: row.id,
          name: row.name,
          description: row.description,
          createdAt: row.created_at.toISOString(),
          activeRelease: activeRelease(row),
          entries: entryCounts(counts.filter((count) => count.project_id === row.id)),
        })),
      }
    }),
})
