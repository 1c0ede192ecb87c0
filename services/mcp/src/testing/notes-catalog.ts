import { defineCatalog, defineResource, defineTool, onEvent, ToolFailure } from '@gatehouse/catalog'
import { defineEvent } from '@gatehouse/contracts'
import { z } from 'zod'

/** Says that a note changed. */
export const NoteChanged = defineEvent('note.changed', 1, z.object({ id: z.string() }))

interface Note {
  readonly id: string
  readonly text: string
}

/** A small catalog for this service's own tests: each tool does one thing that a call has to bear. Nothing is stored on disk. */
export interface Notes {
  readonly notes: readonly Note[]
  /** What tools were entered, in order. */
  readonly ran: string[]
  /** Resolves when told to; for tools that wait. */
  readonly gate: { wait(signal: AbortSignal): Promise<void> }
}

const none = z.object({})
const tool = defineTool<Notes>()
const resource = defineResource<Notes>()
const read = ['notes:read']
const write = ['notes:write']

const list = tool({
  name: 'notes_list',
  title: 'List notes',
  description: 'All notes of the workspace.',
  scopes: read,
  effect: 'reads',
  input: z.object({ limit: z.number().int().min(1).max(100).default(50).describe('How many.') }),
  output: z.object({ notes: z.array(z.object({ id: z.string(), text: z.string() })) }),
  run: async ({ limit }, { notes, ran }) => {
    ran.push('notes_list')
    return { notes: notes.slice(0, limit) }
  },
})
const create = tool({
  name: 'notes_create',
  title: 'Create a note',
  description: 'Stores a note.',
  scopes: write,
  permissions: ['notes:write'],
  effect: 'writes',
  input: z.object({ text: z.string().min(1).max(200) }),
  output: z.object({ id: z.string() }),
  run: async (_input, { ran }) => {
    ran.push('notes_create')
    return { id: 'n9' }
  },
})
const purge = tool({
  name: 'notes_purge',
  title: 'Purge notes',
  description: 'Deletes all notes.',
  scopes: write,
  permissions: ['notes:purge'],
  effect: 'destroys',
  idempotent: true,
  cost: 5,
  input: none,
  output: none,
  run: async (_input, { ran }) => {
    ran.push('notes_purge')
    return {}
  },
})
const fail = tool({
  name: 'notes_fail',
  title: 'Fail',
  description: 'Fails in a way that a caller understands.',
  scopes: read,
  effect: 'reads',
  input: none,
  output: none,
  run: async () => {
    throw new ToolFailure('note.locked', 'The note is locked; try again when its editor has left.')
  },
})
const crash = tool({
  name: 'notes_crash',
  title: 'Crash',
  description: 'Fails in a way that nobody foresaw.',
  scopes: read,
  effect: 'reads',
  input: none,
  output: none,
  run: async () => {
    throw new Error('password=hunter2 at 10.0.0.7')
  },
})
const lie = tool({
  name: 'notes_lie',
  title: 'Lie',
  description: 'Returns what its schema does not allow.',
  scopes: read,
  effect: 'reads',
  input: none,
  output: z.object({ count: z.number() }),
  run: async () => ({ count: 'many' }) as unknown as { count: number },
})
const wait = tool({
  name: 'notes_wait',
  title: 'Wait',
  description: 'Waits until it is told or aborted.',
  scopes: read,
  effect: 'reads',
  input: none,
  output: none,
  run: async (_input, { gate, signal }) => {
    await gate.wait(signal)
    return {}
  },
})

export const notesCatalog = defineCatalog<Notes>({
  name: 'notes',
  schema: { name: 'notes', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
  tools: [list, create, purge, fail, crash, lie, wait],
  resources: [
    resource({
      name: 'notes',
      path: 'notes',
      title: 'Notes',
      description: 'All notes.',
      mimeType: 'application/json',
      scopes: read,
      subscribable: true,
      read: async (_variables, { notes }) => notes,
    }),
    resource({
      name: 'note',
      path: 'notes/{id}',
      title: 'A note',
      description: 'One note.',
      mimeType: 'application/json',
      scopes: read,
      subscribable: true,
      read: async ({ id }, { notes }) => notes.find((note) => note.id === id),
    }),
    resource({
      name: 'drafts',
      path: 'drafts',
      title: 'Drafts',
      description: 'What is not finished.',
      mimeType: 'application/json',
      scopes: write,
      subscribable: true,
      read: async () => [],
    }),
  ],
  changes: [onEvent(NoteChanged, ({ id }) => ['notes', `notes/${id}`])],
  open: () => () => {
    throw new Error('tests bind the stores themselves')
  },
  demo: async () => undefined,
})
