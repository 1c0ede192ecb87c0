import { randomUUID } from 'node:crypto'

/** An id that says what it names, so that a model does not confuse an entry with its project. */
export const newId = (kind: 'prj' | 'ent' | 'cmt'): string => `${kind}_${randomUUID().replaceAll('-', '')}`
