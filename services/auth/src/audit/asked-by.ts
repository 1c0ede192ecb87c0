import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** The request that something is done for, as events name it. */
export interface AskedBy {
  readonly requestId: string
  readonly traceparent?: string
}

const current = new AsyncLocalStorage<AskedBy>()
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

let open = 0

function leave(): void {
  open -= 1
  // On Node 20 a storage in use costs every promise of the process, those of requests that tell nobody of anything too.
  if (open === 0) current.disable()
}

/** What is done for no request, by schedule, has none. */
export const askedBy = (): Partial<AskedBy> => current.getStore() ?? {}

export function askedOf({ id, headers }: Pick<FastifyRequest, 'id' | 'headers'>): AskedBy {
  const { traceparent } = headers
  const wellFormed = typeof traceparent === 'string' && TRACEPARENT.test(traceparent)
  return { requestId: id, ...(wellFormed ? { traceparent } : {}) }
}

/** Does work for a request that is not remembered otherwise. */
export async function doneFor<T>(asked: AskedBy, work: () => Promise<T>): Promise<T> {
  open += 1
  try {
    return await current.run(asked, work)
  } finally {
    leave()
  }
}

/** Work of a request that may go on when it has been answered. */
export async function stillDone<T>(work: () => Promise<T>): Promise<T> {
  open += 1
  try {
    return await work()
  } finally {
    leave()
  }
}

/** Whatever a request of these routes comes to is known to be done for it: stores that append events deep inside need not be handed it. */
export function rememberAsked(server: FastifyInstance): void {
  // After the body was read: its events come from elsewhere, and would lead out again.
  server.addHook('preValidation', (request, reply, done) => {
    open += 1
    reply.raw.once('close', leave)
    current.run(askedOf(request), done)
  })
}
