import { randomUUID } from 'node:crypto'

/** An id that says what it names (`ent_…`), so that a model does not confuse one thing with another. */
export const newId = (kind: string): string => `${kind}_${randomUUID().replaceAll('-', '')}`

/** What a caller sent as an id, shortened, so that a message with it stays readable. */
export const shownId = (id: string): string => `"${id.slice(0, 100)}"`
