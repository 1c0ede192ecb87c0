import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import { insertComment } from '../comments.store.ts'
import type { Tracker } from '../domain.ts'
import { countComment } from '../entries.store.ts'
import { EntryCommented } from '../events.ts'
import { emptyText, unknownEntry } from '../failures.ts'
import { announce } from '../outbox.ts'
import { isId, TEXT_MAX, text } from '../vocabulary.ts'

export const entryAddComment = defineTool<Tracker>()({
  name: 'entry.add_comment',
  title: 'Comment on an entry',
  description:
    'Add a comment to an existing entry, in the name of the signed-in person. Returns the ID of the comment. ' +
    'Comments cannot be edited or removed. Not for changing status, priority or assignee (entry.update_status).',
  scopes: ['mcp:write'],
  permissions: ['entries:write'],
  effect: 'writes',
  input: z.strictObject({
    entryId: z.string().describe('Entry ID.'),
    content: text().min(1).max(TEXT_MAX).describe('Comment text (Markdown supported).'),
  }),
  output: z.object({
    commentId: z.string().describe('ID of the new comment.'),
    entryId: z.string().describe('Entry ID.'),
    entryTitle: z.string().describe('Title of the entry.'),
    projectId: z.string().describe('ID of its project.'),
    commentCount: z.number().int().describe('Number of comments the entry has now.'),
    createdAt: z.string().describe('When the comment was added, ISO 8601.'),
  }),
  async run({ entryId, content }, { transact, ...call }) {
    if (content.trim() === '') throw emptyText('content')
    const commentId = newId('cmt')
    const by = call.principal.subject
    return transact(async (tx) => {
      const entry = isId(entryId) ? await countComment(tx, entryId, call.now) : undefined
      if (entry === undefined) throw unknownEntry(entryId)
      const projectId = entry.project_id
      await insertComment(tx, { id: commentId, entryId, authorId: by, content }, call.now)
      await announce(tx, call, EntryCommented, { entryId, projectId, by, commentId })
      const createdAt = call.now.toISOString()
      return { commentId, entryId, entryTitle: entry.title, projectId, commentCount: entry.comment_count, createdAt }
    })
  },
})
