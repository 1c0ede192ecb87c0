import { cursorField, defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import { sitesCursor } from '../cursors.ts'
import type { Sustainability } from '../domain.ts'
import { nextCursor, siteFacts, toSite } from '../shapes.ts'
import { listSites as list } from '../sites.store.ts'
import { limit, siteStatus, text } from '../vocabulary.ts'

export const listSites = defineTool<Sustainability>()({
  name: 'list_sites',
  title: 'List sites',
  description:
    'The places of the organization (offices, plants, stores), by code. Returns sites with their IDs. ' +
    'Not for what happened there (list_activities).',
  scopes: ['azalt:read'],
  permissions: ['data:read'],
  effect: 'reads',
  input: z.strictObject({
    query: text(100).optional().describe('Part of a code, name or city.'),
    status: siteStatus.optional(),
    limit,
    cursor: cursorField,
  }),
  output: z.object({ sites: z.array(siteFacts), nextCursor }),
  async run({ query, status, limit, cursor }, { transact }) {
    const after = sitesCursor.read(cursor)
    const rows = await transact((tx) => list(tx, { status, like: query, after, atMost: limit + 1 }))
    const { items, ...more } = sitesCursor.page(rows, limit, ({ code }) => code)
    return { sites: items.map(toSite), ...more }
  },
})
