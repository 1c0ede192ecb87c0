import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Reader } from '../access/access.ts'
import type { Reading } from '../proof/evidence.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { events_list } from './events.store.ts'
import { type EventsPage, toItem } from './item.ts'
import { type EventFilters, readQuery } from './query.ts'

/** `GET /admin/v1/audit/events`: what happened, newest first, a page at a time. */
export function eventsRoute(server: FastifyInstance, readerOf: (request: FastifyRequest) => Promise<Reader>): void {
  server.get('/admin/v1/audit/events', async (request, reply): Promise<EventsPage> => {
    const reader = await readerOf(request)
    const query = readQuery(request.query)
    const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
    // One more than asked for tells whether there is a next page.
    const rows = await reader.reading(query)((tx) => events_list(tx, reader.own(query), after, query.limit + 1))
    const page = rows.slice(0, query.limit)
    const last = page.at(-1)
    reply.header('cache-control', 'no-store')
    return {
      events: page.map(toItem),
      ...(last !== undefined && rows.length > page.length && { nextCursor: writeCursor(last) }),
    }
  })
}

const PAGE = 1_000

/** All events, newest first, a page in memory at a time. */
export async function* allEvents(read: Reading, query: EventFilters) {
  let after: { readonly time: Date; readonly id: string } | undefined
  for (;;) {
    const page = await read((tx) => events_list(tx, query, after, PAGE))
    yield page
    after = page.at(-1)
    if (after === undefined || page.length < PAGE) return
  }
}
