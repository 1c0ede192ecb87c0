import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Tracker } from '../domain.ts'
import { insertEntry, theEntry } from '../entries.store.ts'
import { EntryCreated } from '../events.ts'
import { emptyText, unknownProject } from '../failures.ts'
import { announce } from '../outbox.ts'
import { requireAssignable } from '../people.ts'
import { findProject } from '../projects.store.ts'
import { entryFacts, toEntry, userId } from '../shapes.ts'
import { entryType, isId, priority, status, TEXT_MAX, text } from '../vocabulary.ts'

export const entryCreate = defineTool<Tracker>()({
  name: 'entry.create',
  title: 'Create an entry',
  description:
    'Create a new entry (feature request, bug report, feedback …) in a project. Returns the entry with its ID. ' +
    'Search first, so as not to repeat an entry that exists. ' +
    'Not for changing an entry (entry.update_status) or adding to one (entry.add_comment).',
  scopes: ['mcp:write'],
  permissions: ['entries:write'],
  effect: 'writes',
  input: z.strictObject({
    projectId: z.string().describe('Target project ID.'),
    title: text().min(1).max(500).describe('Entry title, one line (max 500 characters).'),
    type: entryType.describe('Kind of entry.'),
    description: text().max(TEXT_MAX).optional().describe('Markdown description.'),
    priority: priority.default('medium').describe('Priority.'),
    status: status.default('open').describe('Status to start with.'),
    assignedToId: userId().optional().describe('User ID to assign the entry to.'),
  }),
  output: z.object(entryFacts),
  async run({ projectId, title, type, description, priority, status, assignedToId }, { transact, ...call }) {
    if (title.trim() === '') throw emptyText('title')
    const id = newId('ent')
    const by = call.principal.subject
    const assigneeId = assignedToId ?? null
    return transact(async (tx) => {
      if (!isId(projectId) || !(await findProject(tx, projectId))) throw unknownProject(projectId)
      if (assigneeId !== null) await requireAssignable(tx, assigneeId)
      await insertEntry(
        tx,
        { id, projectId, title: title.trim(), type, description: description ?? '', priority, status, by, assigneeId },
        call.now,
      )
      await announce(tx, call, EntryCreated, { entryId: id, projectId, by, type, priority, status, assigneeId })
      return toEntry(await theEntry(tx, id))
    })
  },
})
