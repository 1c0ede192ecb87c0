import { defineTool, newId } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Tracker } from '../domain.ts'
import { insertEntry, type LockedEntryRow, lockEntry, rewriteEntry, type Told, theEntry } from '../entries.store.ts'
import { EntryCreated, EntryUpdated, TaskLinked } from '../events.ts'
import { emptyText, otherProject, unknownProject } from '../failures.ts'
import { announce } from '../outbox.ts'
import { findProject } from '../projects.store.ts'
import { entryFacts, toEntry } from '../shapes.ts'
import { linkFields, mapTask, outcome, taskFields, taskOf } from '../task-mappings.ts'
import { entryType, isId, priority, status, TEXT_MAX, text } from '../vocabulary.ts'

/** Of a new entry; on one that exists, what is left out stays. */
const DEFAULTS = { type: 'feature_request', status: 'open', priority: 'medium', description: '' } as const

export const taskSyncFromExternal = defineTool<Tracker>()({
  name: 'task.sync_from_external',
  title: 'Sync an entry from an external task',
  description:
    'Create the entry of an external task, or update the one it has; a task gets one entry, so it is safe to repeat. ' +
    'What an update leaves out stays. Returns the entry. Not for work without a task elsewhere (entry.create).',
  scopes: ['mcp:write'],
  permissions: ['entries:write'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    ...taskFields,
    projectId: z.string().describe('Project ID.'),
    title: text().min(1).max(500).describe('Title, one line.'),
    description: text().max(TEXT_MAX).optional().describe('Markdown.'),
    type: entryType.optional().meta({ default: DEFAULTS.type }).describe('Type.'),
    status: status.optional().meta({ default: DEFAULTS.status }).describe('Status.'),
    priority: priority.optional().meta({ default: DEFAULTS.priority }).describe('Priority.'),
    ...linkFields,
  }),
  output: z.object({ ...entryFacts, outcome: outcome.describe('What became of the entry or its mapping.') }),
  async run({ system, externalId, projectId, externalRef, externalUrl, ...given }, { transact, ...call }) {
    const title = given.title.trim()
    if (title === '') throw emptyText('title')
    const task = taskOf({ system, externalId })
    const by = call.principal.subject
    const id = newId('ent')
    return transact(async (tx) => {
      if (!isId(projectId) || !(await findProject(tx, projectId))) throw unknownProject(projectId)
      const link = { externalRef, externalUrl }
      const mapped = await mapTask(tx, task, id, link, { now: call.now, entryOf: (before) => before.entry_id })
      if (mapped.outcome === 'created') {
        const told = { ...DEFAULTS, ...defined(given), title }
        await insertEntry(tx, { id, projectId, by, assigneeId: null, ...told }, call.now)
        const { type, status, priority } = told
        await announce(tx, call, EntryCreated, { entryId: id, projectId, by, type, status, priority, assigneeId: null })
        await announce(tx, call, TaskLinked, { entryId: id, projectId, by, system: task.system })
        return { ...toEntry(await theEntry(tx, id)), outcome: 'created' as const }
      }
      const entryId = mapped.before.entry_id
      const before = await lockEntry(tx, entryId)
      if (before === undefined) throw new Error(`the entry ${entryId} of a mapping is gone`)
      if (before.project_id !== projectId) throw otherProject(entryId, before.project_id)
      const { to, differences } = compare(before, { ...defined(given), title })
      const rewritten = Object.keys(differences).length > 0
      if (rewritten) {
        await rewriteEntry(tx, entryId, to, call.now)
        await announce(tx, call, EntryUpdated, { entryId, projectId, by, ...differences })
      }
      if (mapped.outcome === 'updated') {
        await announce(tx, call, TaskLinked, { entryId, projectId, by, system: task.system })
      }
      return { ...toEntry(await theEntry(tx, entryId)), outcome: rewritten ? ('updated' as const) : mapped.outcome }
    })
  },
})

/** Without members that are `undefined`, which would stand in the way of a default. */
const defined = <T extends object>(given: T) =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }

const EDITED = ['title', 'description', 'type'] as const

/** What the entry becomes, and how that differs from what it is. */
function compare(before: LockedEntryRow, given: Partial<Told>) {
  const { title, description, type, status, priority } = before
  const to: Told = { title, description, type, status, priority, ...given }
  const edited = EDITED.filter((field) => to[field] !== before[field])
  const differences = {
    ...(to.status === status ? {} : { status: { from: status, to: to.status } }),
    ...(to.priority === priority ? {} : { priority: { from: priority, to: to.priority } }),
    ...(edited.length === 0 ? {} : { edited }),
  }
  return { to, differences }
}
