import { type Change, onEvent } from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { z } from 'zod'
import { entryType, priority, releaseStatus, status } from './vocabulary.ts'

/** Subject of the person, key or service that did it. */
const by = z.string()
const entry = { entryId: z.string(), projectId: z.string(), by }
const release = { releaseId: z.string(), projectId: z.string(), by }
const fromTo = <S extends z.ZodType>(value: S) => z.object({ from: value, to: value }).optional()

export const EntryCreated = defineEvent(
  'entry.created',
  1,
  z.object({ ...entry, type: entryType, priority, status, assigneeId: z.string().nullable() }),
)

/** Each of status, priority and assignee that changed has its value before and after; texts are only named. */
export const EntryUpdated = defineEvent(
  'entry.updated',
  1,
  z.object({
    ...entry,
    status: fromTo(status),
    priority: fromTo(priority),
    assigneeId: fromTo(z.string().nullable()),
    edited: z.array(z.enum(['title', 'description', 'type'])).optional(),
  }),
)

export const EntryCommented = defineEvent('entry.commented', 1, z.object({ ...entry, commentId: z.string() }))

/** An entry stands for a task of another system, or no longer for the same. */
export const TaskLinked = defineEvent('task.linked', 1, z.object({ ...entry, system: z.string() }))

export const ReleaseCreated = defineEvent('release.created', 1, z.object({ ...release, status: releaseStatus }))

export const ReleaseUpdated = defineEvent(
  'release.updated',
  1,
  z.object({
    ...release,
    status: fromTo(releaseStatus),
    edited: z.array(z.enum(['name', 'description', 'targetDate'])).optional(),
  }),
)

export const ReleaseReleased = defineEvent('release.released', 1, z.object(release))

export const ProjectCreated = defineEvent('project.created', 1, z.object({ projectId: z.string(), by }))

export const ProjectUpdated = defineEvent(
  'project.updated',
  1,
  z.object({ projectId: z.string(), by, edited: z.array(z.enum(['name', 'description'])) }),
)

const entryPaths = ({ projectId, entryId }: { readonly projectId: string; readonly entryId: string }) => [
  'projects',
  `projects/${projectId}`,
  `projects/${projectId}/entries`,
  `entries/${entryId}`,
]
const releasePaths = ({ projectId }: { readonly projectId: string }) => [
  'projects',
  `projects/${projectId}`,
  'releases',
]

/** Which resources each event makes stale. */
export const changes: readonly Change[] = [
  onEvent(EntryCreated, entryPaths),
  onEvent(EntryUpdated, entryPaths),
  onEvent(EntryCommented, ({ projectId, entryId }) => [`projects/${projectId}/entries`, `entries/${entryId}`]),
  onEvent(TaskLinked, () => ['task-mappings']),
  onEvent(ReleaseCreated, releasePaths),
  onEvent(ReleaseUpdated, releasePaths),
  onEvent(ReleaseReleased, releasePaths),
  onEvent(ProjectCreated, ({ projectId }) => ['projects', `projects/${projectId}`]),
  onEvent(ProjectUpdated, ({ projectId }) => ['projects', `projects/${projectId}`, `projects/${projectId}/entries`]),
]
