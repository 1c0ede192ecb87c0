import type { Database } from '@gatehouse/database'
import type { FastifyInstance } from 'fastify'
import { readCursor, writeCursor } from './cursor.ts'
import { events_list, type StoredEvent } from './events.store.ts'
import { type EventsPage, toItem } from './item.ts'
import { type EventsQuery, readQuery } from './query.ts'

/** `GET /admin/v1/audit/events`: what happened, newest first, a page at a time. */
export function eventsRoute(server: FastifyInstance, database: Database): void {
  server.get('/admin/v1/audit/events', async (request, reply): Promise<EventsPage> => {
    const query = readQuery(request.query)
    // One more than asked for tells whether there is a next page.
    const rows = await listEvents(database, query, query.limit + 1)
    const page = rows.slice(0, query.limit)
    const last = page.at(-1)
    reply.header('cache-control', 'no-store')
    return {
      events: page.map(toItem),
      ...(last !== undefined && rows.length > page.length && { nextCursor: writeCursor(last) }),
    }
  })
}

/** With a tenant the database itself shows no other's rows. */
function listEvents(database: Database, query: EventsQuery, limit: number): Promise<StoredEvent[]> {
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor)
  return query.tenant !== undefined && TENANT_ID.test(query.tenant)
    ? database.asTenant(query.tenant, (tx) => events_list(tx, query, after, limit))
    : database.asPlatform('audit: query', (tx) => events_list(tx, query, after, limit))
}

/** `*`, the platform itself, is no tenant that a transaction can be set to. */
const TENANT_ID = /^[A-Za-z0-9_.:-]{1,128}$/
