import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Tracker } from '../domain.ts'
import { findEntry } from '../entries.store.ts'
import { TaskLinked } from '../events.ts'
import { unknownEntry } from '../failures.ts'
import { announce } from '../outbox.ts'
import { linkFields, mapTask, outcome, taskFields, taskOf } from '../task-mappings.ts'
import { isId } from '../vocabulary.ts'

export const taskLink = defineTool<Tracker>()({
  name: 'task.link',
  title: 'Link an entry to an external task',
  description:
    'Create or update the mapping between an entry and a task of another system (Jira, Linear, Replit …). ' +
    'A task has one entry: linking it to another entry moves it. Returns what became of the mapping. ' +
    'Not for bringing the content of a task over (task.sync_from_external).',
  scopes: ['mcp:write'],
  permissions: ['entries:write'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    entryId: z.string().describe('Entry ID.'),
    ...taskFields,
    ...linkFields,
  }),
  output: z.object({
    outcome: outcome.describe('What became of the mapping.'),
    entryId: z.string().describe('Entry ID.'),
    entryTitle: z.string().describe('Title of the entry.'),
    system: z.string().describe('The external system.'),
    externalId: z.string().describe('ID of the task there.'),
    previousEntryId: z.string().nullable().describe('The entry that the task was linked to before, if another.'),
  }),
  async run({ entryId, system, externalId, ...link }, { transact, ...call }) {
    const task = taskOf({ system, externalId })
    return transact(async (tx) => {
      const entry = isId(entryId) ? await findEntry(tx, entryId) : undefined
      if (entry === undefined) throw unknownEntry(entryId)
      const mapped = await mapTask(tx, task, entryId, link, { now: call.now })
      if (mapped.outcome !== 'unchanged') {
        const about = { entryId, projectId: entry.project_id, by: call.principal.subject }
        await announce(tx, call, TaskLinked, { ...about, system: task.system })
      }
      const previous = 'before' in mapped && mapped.before.entry_id !== entryId ? mapped.before.entry_id : null
      return { outcome: mapped.outcome, entryId, entryTitle: entry.title, ...task, previousEntryId: previous }
    })
  },
})
