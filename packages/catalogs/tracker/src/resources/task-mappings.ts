import { defineResource } from '@gatehouse/catalog'
import type { Tracker } from '../domain.ts'
import { listTaskMappings } from '../task-mappings.store.ts'

const SHOWN = 200

export const taskMappings = defineResource<Tracker>()({
  name: 'task-mappings',
  path: 'task-mappings',
  title: 'Task mappings',
  description: `Which entry stands for which task of another system, latest change first: at most ${SHOWN}.`,
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: false,
  read: (_variables, { transact }) =>
    transact(async (tx) => {
      const rows = await listTaskMappings(tx, SHOWN + 1)
      return {
        more: rows.length > SHOWN,
        mappings: rows.slice(0, SHOWN).map((row) => ({
          system: row.system,
          externalId: row.external_id,
          externalRef: row.external_ref,
          externalUrl: row.external_url,
          entry: { id: row.entry_id, projectId: row.project_id, title: row.title, status: row.status },
          createdAt: row.created_at.toISOString(),
          updatedAt: row.updated_at.toISOString(),
        })),
      }
    }),
})
