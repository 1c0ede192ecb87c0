import { z } from 'zod'
import type { NamedEntryRow } from './entries.store.ts'
import type { ProjectDetailRow } from './projects.store.ts'
import { entryType, PERSON_ID_MAX, priority, status, text } from './vocabulary.ts'

/** Who did or does something; the name is null when the tracker has no directory that knows the id. */
export const who = z.object({
  id: z.string().describe('User ID (or the ID of an API key or service).'),
  name: z.string().nullable().describe('Name, or null if it is not known.'),
})

/** A user's id as an argument. */
export const userId = () => text().min(1).max(PERSON_ID_MAX)

/** The facts about an entry that every answer gives. */
export const entryFacts = {
  id: z.string().describe('Entry ID.'),
  projectId: z.string().describe('ID of its project.'),
  title: z.string().describe('Entry title.'),
  type: entryType.describe('Kind of entry.'),
  status: status.describe('Current status.'),
  priority: priority.describe('Current priority.'),
  assignee: who.nullable().describe('Who works on it, or null.'),
  reporter: who.describe('Who created it.'),
  commentCount: z.number().int().describe('Number of comments.'),
  createdAt: z.string().describe('When it was created, ISO 8601.'),
  updatedAt: z.string().describe('When it was last changed or commented on, ISO 8601.'),
}

const entrySchema = z.object(entryFacts)

export function toEntry(row: NamedEntryRow): z.input<typeof entrySchema> {
  return {
    id: row.id,
    projectId: row.project_id,
    title: row.title,
    type: row.type,
    status: row.status,
    priority: row.priority,
    assignee: row.assignee_id === null ? null : { id: row.assignee_id, name: row.assignee_name },
    reporter: { id: row.reporter_id, name: row.reporter_name },
    commentCount: row.comment_count,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}

/** The release of a project that is being worked on, or null. */
export const activeRelease = ({ release_id: id, release_name: name, release_target: targetDate }: ProjectDetailRow) =>
  id === null ? null : { id, name, targetDate }
