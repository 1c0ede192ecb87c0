import { defineResource } from '@gatehouse/catalog'
import { listComments } from '../comments.store.ts'
import type { Tracker } from '../domain.ts'
import { findEntry } from '../entries.store.ts'
import { toEntry } from '../shapes.ts'
import { isId } from '../vocabulary.ts'

/** The newest of a long discussion; `commentCount` says how many there are. */
const SHOWN = 200

export const entry = defineResource<Tracker>()({
  name: 'entry',
  path: 'entries/{entryId}',
  title: 'Entry',
  description: `One entry with its description and its comments in the order of writing: the newest ${SHOWN} at most.`,
  mimeType: 'application/json',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  subscribable: true,
  async read({ entryId }, { transact }) {
    if (!isId(entryId)) return undefined
    return transact(async (tx) => {
      const row = await findEntry(tx, entryId)
      if (row === undefined) return undefined
      const comments = await listComments(tx, entryId, SHOWN)
      return {
        ...toEntry(row),
        projectName: row.project_name,
        description: row.description,
        comments: comments.reverse().map((comment) => ({
          id: comment.id,
          author: { id: comment.author_id, name: comment.author_name },
          content: comment.content,
          createdAt: comment.created_at.toISOString(),
        })),
      }
    })
  },
})
