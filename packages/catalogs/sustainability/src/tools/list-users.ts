import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { usersCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { nextCursor } from '../shapes.ts'
import { limit, text } from '../vocabulary.ts'

export const listUsers = defineTool<Sustainability>()({
  name: 'list_users',
  title: 'List users',
  description:
    'The people of the organization with their roles, by email address. Returns users. ' +
    'Not for the person who is signed in (get_my_profile).',
  scopes: ['azalt:read'],
  permissions: ['users:read'],
  effect: 'reads',
  input: z.strictObject({
    query: text(100).optional().describe('Part of a name or address.'),
    role: text(60).optional().describe('Only with this role.'),
    limit,
    cursor: cursorField,
  }),
  output: z.object({
    users: z.array(z.object({ id: z.string(), name: z.string(), email: z.string(), role: z.string() })),
    nextCursor,
  }),
  async run({ query, role, limit, cursor }, { directory }) {
    const after = usersCursor.read(cursor)
    const found = await directory.members({ after, role, like: query, limit: limit + 1 })
    const { items, ...more } = usersCursor.page(found, limit, ({ email }) => email)
    return { users: items.map(({ id, name, email, role }) => ({ id, name, email, role })), ...more }
  },
})
