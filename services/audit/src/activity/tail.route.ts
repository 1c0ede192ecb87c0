import { Readable } from 'node:stream'
import type { Principal } from '@gatehouse/policy'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { PROBLEMS } from '../errors.ts'
import { toItem } from '../events/item.ts'
import type { ActivityDeps } from './activity.route.ts'
import { entryOf } from './entry.ts'
import { filtersOf, readView } from './query.ts'
import { ACTIVITY_PATH } from './sign-in.ts'
import { tailEvents } from './tail.ts'

const MOST_TAILS = 200
/** Of one person or service, so that nobody takes the places of all. */
const MOST_OF_ONE = 10
/** What was there before the page was opened stands on it already. */
const MOST_BACK_MS = 60_000
const since = z.object({ since: z.iso.datetime() }).transform((query) => Date.parse(query.since))

/** `GET /activity/tail`: what arrives, as server-sent events, until the token ends or is taken back. */
export function tailRoute(
  server: FastifyInstance,
  deps: ActivityDeps & { readonly known: (request: FastifyRequest) => Promise<Principal | undefined> },
): void {
  const { access, clock, closing, known } = deps
  const open = new Map<string, number>()
  let openOfAll = 0
  const count = (subject: string, more: 1 | -1): void => {
    openOfAll += more
    const left = (open.get(subject) ?? 0) + more
    if (left === 0) open.delete(subject)
    else open.set(subject, left)
  }
  server.get(`${ACTIVITY_PATH}/tail`, async (request, reply) => {
    const principal = await known(request)
    // A script follows no redirect to a sign-in page; without a stream it stops, and the page stays what it was.
    if (principal === undefined) return reply.code(401).header('cache-control', 'no-store').send()
    const { subject } = principal
    if (openOfAll >= MOST_TAILS || (open.get(subject) ?? 0) >= MOST_OF_ONE) {
      const { status, headers } = PROBLEMS['tails.many']
      return reply.code(status).headers(headers).header('cache-control', 'no-store').send()
    }
    const reader = access.readerOf(principal)
    const query = reader.own(filtersOf({ ...readView(request.query), cursor: undefined }))
    const earliest = clock.now() - MOST_BACK_MS
    const from = new Date(Math.max(earliest, since.safeParse(request.query).data ?? earliest))
    const left = new AbortController()
    const signal = AbortSignal.any([closing, left.signal])
    const read = reader.reading({})
    async function* messages() {
      yield 'retry: 5000\n\n'
      for await (const event of tailEvents(read, query, { since: from, clock, signal })) {
        if ((await known(request).catch(() => undefined)) === undefined) return
        yield event === undefined ? ': \n\n' : `data: ${JSON.stringify(entryOf(toItem(event)))}\n\n`
      }
    }
    count(subject, 1)
    const stream = Readable.from(messages(), { objectMode: false })
    stream.once('close', () => count(subject, -1))
    reply.raw.once('close', () => left.abort())
    return reply
      .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      .send(stream)
  })
}
