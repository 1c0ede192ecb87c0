import { ToolFailure } from '@gatehouse/catalog'
import type { Tx } from '@gatehouse/database'
import { findPerson, listPeople } from './people.store.ts'

/** Who did or does something; the name is null when the tracker has no directory that knows the id. */
export interface Who {
  readonly id: string
  readonly name: string | null
}

const SUGGESTED = 10

/**
 * Refuses an assignee whom the tenant's directory does not know. People belong to the product's own directory, which tells
 * the tracker what it likes to tell: as long as it told nothing, an id cannot be judged and any is accepted; from the first
 * person on, an unknown id is a slip (most often a name in the place of an id) that would lose the entry from sight.
 * @throws ToolFailure `unknown_assignee`, with ids that would do
 */
export async function requireAssignable(tx: Tx, id: string): Promise<void> {
  if ((await findPerson(tx, id)) !== undefined) return
  const known = await listPeople(tx, SUGGESTED)
  if (known.length === 0) return
  const list = known.map((person) => `${person.name} (${person.id})`).join(', ')
  throw new ToolFailure(
    'unknown_assignee',
    `Nobody in this workspace has the user ID "${id.slice(0, 100)}". Pass the ID, not a name or an address. Members include: ${list}.`,
  )
}
