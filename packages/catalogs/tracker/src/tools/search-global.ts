import { defineTool } from '@gatehouse/catalog'
import { z } from 'zod'
import type { Tracker } from '../domain.ts'
import { searchEverything } from '../search.store.ts'
import { entryType, priority, status, text } from '../vocabulary.ts'

export const searchGlobal = defineTool<Tracker>()({
  name: 'search.global',
  title: 'Search projects and entries',
  description:
    'Full-text search across the projects and entries of the workspace (names, titles, descriptions; not comments). ' +
    'Returns the best matches with their IDs. Use it to find the IDs that other tools need. ' +
    'Not for listing all entries of a project: read its entries resource.',
  scopes: ['mcp:read'],
  permissions: ['entries:read'],
  effect: 'reads',
  input: z.strictObject({
    q: text().describe(
      'Search query: all words must occur, in any form; the last may be unfinished. "exact phrase", -without and or work.',
    ),
    limit: z.number().int().min(1).max(100).default(50).describe('Max results (1–100).'),
  }),
  output: z.object({
    results: z
      .array(
        z.object({
          kind: z.enum(['project', 'entry']).describe('What was found.'),
          id: z.string().describe('ID of the project or entry.'),
          title: z.string().describe('Name of the project or title of the entry.'),
          excerpt: z.string().describe('The part of the description that matches best.'),
          projectId: z.string().describe('ID of the project it is or belongs to.'),
          projectName: z.string().describe('Name of that project.'),
          type: entryType.nullable().describe('Kind of entry; null for a project.'),
          status: status.nullable().describe('Status of the entry; null for a project.'),
          priority: priority.nullable().describe('Priority of the entry; null for a project.'),
          updatedAt: z.string().describe('When it was last changed, ISO 8601.'),
        }),
      )
      .describe('Matches, best first.'),
    more: z.boolean().describe('True if the limit was reached: there may be more; narrow the query.'),
  }),
  async run({ q, limit }, { transact }) {
    const found = await transact((tx) => searchEverything(tx, q, limit))
    const results = found.map((row) => ({
      kind: row.kind,
      id: row.id,
      title: row.title,
      excerpt: row.excerpt,
      projectId: row.project_id,
      projectName: row.project_name,
      type: row.entry_type,
      status: row.status,
      priority: row.priority,
      updatedAt: row.updated_at.toISOString(),
    }))
    return { results, more: results.length === limit }
  },
})
