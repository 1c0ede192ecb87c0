import { type Change, onEvent } from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { z } from 'zod'
import { entryType, priority, status } from './vocabulary.ts'

const entry = {
  entryId: z.string(),
  projectId: z.string(),
  /** Subject of the person, key or service that did it. */
  by: z.string(),
}

export const EntryCreated = defineEvent(
  'entry.created',
  1,
  z.object({ ...entry, type: entryType, priority, status, assigneeId: z.string().nullable() }),
)

/** Status, priority or assignee changed; each that did has its value before and after. */
export const EntryUpdated = defineEvent(
  'entry.updated',
  1,
  z.object({
    ...entry,
    status: z.object({ from: status, to: status }).optional(),
    priority: z.object({ from: priority, to: priority }).optional(),
    assigneeId: z.object({ from: z.string().nullable(), to: z.string().nullable() }).optional(),
  }),
)

export const EntryCommented = defineEvent('entry.commented', 1, z.object({ ...entry, commentId: z.string() }))

/** Which resources each event makes stale. */
export const changes: readonly Change[] = [
  onEvent(EntryCreated, ({ projectId, entryId }) => [
    'projects',
    `projects/${projectId}`,
    `projects/${projectId}/entries`,
    `entries/${entryId}`,
  ]),
  onEvent(EntryUpdated, ({ projectId, entryId }) => [
    'projects',
    `projects/${projectId}`,
    `projects/${projectId}/entries`,
    `entries/${entryId}`,
  ]),
  onEvent(EntryCommented, ({ projectId, entryId }) => [`projects/${projectId}/entries`, `entries/${entryId}`]),
]
