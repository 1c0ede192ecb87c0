import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Reader } from '../access/access.ts'
import { allEvents } from '../events/events.route.ts'
import { exportQuery, readParameters } from '../events/query.ts'
import { FORMATS, type Format } from './formats.ts'

/** `GET /admin/v1/audit/export`: every event that is asked for, as lines, as fast as they are read and no faster. */
export function exportRoute(server: FastifyInstance, readerOf: (request: FastifyRequest) => Promise<Reader>): void {
  server.get('/admin/v1/audit/export', async (request, reply) => {
    const reader = await readerOf(request)
    const { format: name, ...query } = readParameters(exportQuery, request.query)
    const format: Format = FORMATS[name]
    const pages = allEvents(reader.reading(query), reader.own(query))
    // The first page before the first byte: what cannot be read is still an answer of its own.
    const first = await pages.next()
    async function* text() {
      if (format.header !== undefined) yield `${format.header}\n`
      for (let page = first; page.done !== true; page = await pages.next())
        if (page.value.length > 0) yield `${page.value.map((event) => format.line(event)).join('\n')}\n`
    }
    return sendLines(reply, format.type, `audit.${format.extension}`, text())
  })
}

/** Chunks as they are made. A fault in the middle breaks the connection, so that half an export never looks whole. */
export function sendLines(
  reply: FastifyReply,
  type: string,
  file: string,
  chunks: AsyncIterable<string>,
): FastifyReply {
  return reply
    .headers({
      'content-type': type,
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename="${file}"`,
    })
    .send(Readable.from(chunks, { objectMode: false }))
}
