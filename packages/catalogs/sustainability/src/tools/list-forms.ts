import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { formsCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { listForms as list } from '../forms.store.ts'
import { formFacts, nextCursor, toForm } from '../shapes.ts'
import { formStatus, limit, text } from '../vocabulary.ts'

export const listForms = defineTool<Sustainability>()({
  name: 'list_forms',
  title: 'List forms',
  description:
    'The questionnaires by which data are collected, latest change first. Returns forms with their IDs. ' +
    'Not for their questions (get_form_elements) or answers (list_form_submissions).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({
    query: text(100).optional().describe('Part of a name.'),
    status: formStatus.optional(),
    limit,
    cursor: cursorField,
  }),
  output: z.object({ forms: z.array(formFacts), nextCursor }),
  async run({ query, status, limit, cursor }, { transact }) {
    const after = formsCursor.read(cursor)
    const rows = await transact((tx) => list(tx, { status, like: query, after, atMost: limit + 1 }))
    const { items, ...more } = formsCursor.page(rows, limit, (row) => [row.updated_at.toISOString(), row.id])
    return { forms: items.map(toForm), ...more }
  },
})
