import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Tracker } from '../domain.ts'
import { type EntryRow, lockEntry, theEntry, updateEntry } from '../entries.store.ts'
import { EntryUpdated } from '../events.ts'
import { nothingToUpdate, unknownEntry } from '../failures.ts'
import { announce } from '../outbox.ts'
import { requireAssignable } from '../people.ts'
import { entryFacts, toEntry, userId } from '../shapes.ts'
import { isId, type Priority, priority, type Status, status } from '../vocabulary.ts'

export const entryUpdateStatus = defineTool<Tracker>()({
  name: 'entry.update_status',
  title: 'Update an entry',
  description:
    'Update the status, priority or assignee of an existing entry; what is left out stays. ' +
    'Returns the entry as it is now and what changed. ' +
    'Not for its title or description, and not for remarks (entry.add_comment).',
  scopes: ['mcp:write'],
  permissions: ['entries:write'],
  effect: 'writes',
  idempotent: true,
  input: z.strictObject({
    entryId: z.string().describe('Entry ID.'),
    status: status.optional().describe('New status.'),
    priority: priority.optional().describe('New priority.'),
    assignedToId: userId().nullable().optional().describe('User ID of the new assignee, or null to unassign.'),
  }),
  output: z.object({
    ...entryFacts,
    changed: z
      .array(z.enum(['status', 'priority', 'assigneeId']))
      .describe('What this call changed; empty if all was so already.'),
  }),
  async run({ entryId, ...wanted }, { transact, ...call }) {
    if (Object.values(wanted).every((value) => value === undefined)) throw nothingToUpdate()
    return transact(async (tx) => {
      const before = isId(entryId) ? await lockEntry(tx, entryId) : undefined
      if (before === undefined) throw unknownEntry(entryId)
      const { to, differences } = compare(before, wanted)
      if (differences.assigneeId !== undefined && to.assigneeId !== null) await requireAssignable(tx, to.assigneeId)
      const changed = keysOf(differences)
      if (changed.length > 0) {
        await updateEntry(tx, entryId, to, call.now)
        const about = { entryId, projectId: before.project_id, by: call.principal.subject }
        await announce(tx, call, EntryUpdated, { ...about, ...differences })
      }
      return { ...toEntry(await theEntry(tx, entryId)), changed }
    })
  },
})

interface Wanted {
  readonly status?: Status | undefined
  readonly priority?: Priority | undefined
  readonly assignedToId?: string | null | undefined
}

interface Difference<V> {
  readonly from: V
  readonly to: V
}

interface Differences {
  readonly status?: Difference<Status>
  readonly priority?: Difference<Priority>
  readonly assigneeId?: Difference<string | null>
}

const keysOf = (differences: Differences) => Object.keys(differences) as (keyof Differences)[]

/** What the entry becomes, and the fields in which that differs from what it is. */
function compare(before: EntryRow, wanted: Wanted) {
  const to = {
    status: wanted.status ?? before.status,
    priority: wanted.priority ?? before.priority,
    assigneeId: wanted.assignedToId === undefined ? before.assignee_id : wanted.assignedToId,
  }
  const differences: Differences = {
    ...(to.status === before.status ? {} : { status: { from: before.status, to: to.status } }),
    ...(to.priority === before.priority ? {} : { priority: { from: before.priority, to: to.priority } }),
    ...(to.assigneeId === before.assignee_id ? {} : { assigneeId: { from: before.assignee_id, to: to.assigneeId } }),
  }
  return { to, differences }
}
