import { AsyncLocalStorage } from 'node:async_hooks'
import type { FastifyInstance } from 'fastify'

/** The request that something is done for, as events name it. */
export interface AskedBy {
  readonly requestId: string
  readonly traceparent?: string
}

const current = new AsyncLocalStorage<AskedBy>()
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** What is done for no request, by schedule, has none. */
export const askedBy = (): Partial<AskedBy> => current.getStore() ?? {}

/** Whatever a request comes to is known to be done for it: stores that append events deep inside need not be handed it. */
export function rememberAsked(server: FastifyInstance): void {
  // After the body was read: its events come from elsewhere, and would lead out again.
  server.addHook('preValidation', (request, _reply, done) => {
    const { traceparent } = request.headers
    const wellFormed = typeof traceparent === 'string' && TRACEPARENT.test(traceparent)
    current.run({ requestId: request.id, ...(wellFormed ? { traceparent } : {}) }, done)
  })
}
