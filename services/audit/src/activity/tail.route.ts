import { Readable } from 'node:stream'
import type { Principal } from '@gatehouse/policy'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { Refusal } from '../errors.ts'
import { toItem } from '../events/item.ts'
import type { ActivityDeps } from './activity.route.ts'
import { entryOf } from './entry.ts'
import { filtersOf, readView } from './query.ts'
import { ACTIVITY_PATH } from './sign-in.ts'
import { tailEvents } from './tail.ts'

const MOST_TAILS = 200
/** What was there before the page was opened stands on it already. */
const MOST_BACK_MS = 60_000
const since = z.object({ since: z.iso.datetime() }).transform((query) => Date.parse(query.since))

/** `GET /activity/tail`: what arrives, as server-sent events, until the token ends or is taken back. */
export function tailRoute(
  server: FastifyInstance,
  deps: ActivityDeps & { readonly known: (request: FastifyRequest) => Promise<Principal | undefined> },
): void {
  const { access, clock, closing, known } = deps
  let open = 0
  server.get(`${ACTIVITY_PATH}/tail`, async (request, reply) => {
    const principal = await known(request)
    // A script follows no redirect to a sign-in page; without a stream it stops, and the page stays what it was.
    if (principal === undefined) return reply.code(401).header('cache-control', 'no-store').send()
    if (open >= MOST_TAILS) throw new Refusal('tails.many')
    const query = filtersOf({ ...readView(request.query), cursor: undefined })
    const earliest = clock.now() - MOST_BACK_MS
    const from = new Date(Math.max(earliest, since.safeParse(request.query).data ?? earliest))
    const left = new AbortController()
    const signal = AbortSignal.any([closing, left.signal])
    const read = access.readerOf(principal).reading({})
    async function* messages() {
      yield 'retry: 5000\n\n'
      for await (const event of tailEvents(read, query, { since: from, clock, signal })) {
        if ((await known(request).catch(() => undefined)) === undefined) return
        yield event === undefined ? ': \n\n' : `data: ${JSON.stringify(entryOf(toItem(event)))}\n\n`
      }
    }
    open += 1
    const stream = Readable.from(messages(), { objectMode: false })
    stream.once('close', () => {
      open -= 1
    })
    reply.raw.once('close', () => left.abort())
    return reply
      .headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
      .send(stream)
  })
}
