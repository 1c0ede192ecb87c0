import { defineEvent, sealEvent } from '@gatehouse/contracts'
import { test } from 'tap'
import { z } from 'zod'
import { type Call, defineResource, defineTool, onEvent, type PathVariables, ToolFailure } from './define.ts'
import { bareCall } from './testing/open-catalog.ts'

interface Notes {
  readonly notes: { create(by: string, text: string): Promise<{ id: string }> }
}

const context: Call & Notes = Object.assign(
  bareCall({
    tenant: 'acme',
    kind: 'person',
    subject: 'person_1',
    scopes: new Set(['notes:write']),
    roles: ['member'],
    credential: 'oauth',
    credentialId: 'jti_1',
    issuedAt: 0,
    expiresAt: 600,
  }),
  { notes: { create: async (by: string, text: string) => ({ id: `${by}:${text}` }) } },
)

test('a tool is what was written, its handler typed by its schemas and its domain', async (t) => {
  const tool = defineTool<Notes>()({
    name: 'notes_create',
    title: 'Create a note',
    description: 'Store a note. Returns its id.',
    scopes: ['notes:write'],
    effect: 'writes',
    input: z.object({ text: z.string().default('empty') }),
    output: z.object({ id: z.string() }),
    run: ({ text }, { principal, notes }) => notes.create(principal.subject, text),
  })
  t.strictSame(await tool.run(tool.input.parse({}), context), { id: 'person_1:empty' })
  // @ts-expect-error the handler's result has to fit the output schema
  defineTool<Notes>()({ ...tool, run: async () => ({ id: 7 }) })
})

test('the variables of a resource are those of its path', async (t) => {
  const resource = defineResource<Notes>()({
    name: 'note',
    path: 'books/{bookId}/notes/{noteId}',
    title: 'Note',
    description: 'One note.',
    mimeType: 'application/json',
    scopes: ['notes:read'],
    subscribable: false,
    read: async ({ bookId, noteId }) => ({ bookId, noteId }),
  })
  const variables: PathVariables<'books/{bookId}/notes/{noteId}'> = { bookId: 'b', noteId: 'n' }
  t.strictSame(await resource.read(variables, context), { bookId: 'b', noteId: 'n' })
  // @ts-expect-error noteId is missing
  const short: PathVariables<'books/{bookId}/notes/{noteId}'> = { bookId: 'b' }
  t.ok(short)
})

const Written = defineEvent('note.written', 1, z.object({ id: z.string() }))
const change = onEvent(Written, ({ id }) => ['notes', `notes/${id}`])

test('an event is mapped to the paths that it makes stale', async (t) => {
  const event = sealEvent(Written, { source: '/test', tenant: 'acme', now: new Date(0) }, { id: 'n1' })
  t.equal(change.kind, Written)
  t.same(change.paths(event), ['notes', 'notes/n1'])
})

test('an event whose data does not fit changes nothing, and does not throw', async (t) => {
  const event = sealEvent(Written, { source: '/test', tenant: 'acme', now: new Date(0) }, { id: 'n1' })
  for (const data of [undefined, null, {}, { id: 1 }, 'n1']) t.same(change.paths({ ...event, data }), [])
})

test('a failure carries a stable code beside the text for the model', async (t) => {
  const failure = new ToolFailure('unknown_note', 'There is no such note.')
  t.match(failure, { name: 'ToolFailure', code: 'unknown_note', message: 'There is no such note.' })
  t.ok(failure instanceof Error)
})
