import { defineResource } from '@gatehouse/catalog'
import type { Tracker } from '../domain.ts'
import { listReleases } from '../releases.store.ts'

const SHOWN = 100

export const releases = defineResource<Tracker>()({
  name: 'releases',
  path: 'releases',
  title: 'Releases',
  description: `The releases of all projects (planned, active, released), latest change first: at most ${SHOWN}.`,
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: true,
  read: (_variables, { transact }) =>
    transact(async (tx) => {
      const rows = await listReleases(tx, SHOWN + 1)
      return {
        more: rows.length > SHOWN,
        releases: rows.slice(0, SHOWN).map((row) => ({
          id: row.id,
          project: { id: row.project_id, name: row.project_name },
          name: row.name,
          description: row.description,
          status: row.status,
          targetDate: row.target_date,
          releasedAt: row.released_at?.toISOString() ?? null,
          createdAt: row.created_at.toISOString(),
          updatedAt: row.updated_at.toISOString(),
        })),
      }
    }),
})
