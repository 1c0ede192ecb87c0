import type { Tx } from '@gatehouse/database'
import { z } from 'zod'
import {
  insertTaskMapping,
  type Link,
  lockTaskMapping,
  type Task,
  type TaskMappingRow,
  updateTaskMapping,
} from './task-mappings.store.ts'
import { text } from './vocabulary.ts'

/** Which task of which system, as arguments. */
export const taskFields = {
  // Not a pattern in the schema: models read names, not regular expressions.
  system: z
    .string()
    .max(100)
    .refine((value) => /^[A-Za-z0-9][A-Za-z0-9 ._-]*$/.test(value), 'must be a short name such as jira')
    .describe('External system, e.g. replit, jira, linear.'),
  externalId: text().min(1).max(500).describe('ID of the task there.'),
}

export const linkFields = {
  externalRef: text().min(1).max(500).optional().describe('Reference for people, e.g. #386.'),
  externalUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .optional()
    .describe('Link to the task.'),
}

export const outcome = z.enum(['created', 'updated', 'unchanged'])

export interface GivenLink {
  readonly externalRef?: string | undefined
  readonly externalUrl?: string | undefined
}

export const taskOf = ({ system, externalId }: Task): Task => ({ system: system.toLowerCase(), externalId })

/** A mapping as it was before, and what became of it. */
export type Mapped =
  | { readonly outcome: 'created' }
  | { readonly outcome: 'updated' | 'unchanged'; readonly before: TaskMappingRow }

/**
 * Maps the task to the entry; of many at once one creates the mapping. What is not given stays.
 * @param entryOf the entry of a mapping that exists; it may be left there
 */
export async function mapTask(
  tx: Tx,
  task: Task,
  entryId: string,
  given: GivenLink,
  { now, entryOf = () => entryId }: { readonly now: Date; readonly entryOf?: (before: TaskMappingRow) => string },
): Promise<Mapped> {
  const { externalRef = null, externalUrl = null } = given
  if (await insertTaskMapping(tx, task, { entryId, externalRef, externalUrl }, now)) return { outcome: 'created' }
  const before = await lockTaskMapping(tx, task)
  const link: Link = {
    entryId: entryOf(before),
    externalRef: externalRef ?? before.external_ref,
    externalUrl: externalUrl ?? before.external_url,
  }
  const same =
    link.entryId === before.entry_id &&
    link.externalRef === before.external_ref &&
    link.externalUrl === before.external_url
  if (same) return { outcome: 'unchanged', before }
  await updateTaskMapping(tx, task, link, now)
  return { outcome: 'updated', before }
}
