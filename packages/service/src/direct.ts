import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Answered, Logger } from '@gatehouse/telemetry'
import type { FastifyInstance } from 'fastify'
import { Arrival, type Asking, type Serve, type TrustsPeer } from './arrival.ts'
import { DirectRequest } from './direct-request.ts'
import { PatientServer } from './patient-server.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Serves a path by a function that reads the request and writes the answer itself. No hook, parser or error handler of the server has a
     * part in it; other methods are refused as on any path.
     */
    direct(path: string, methods: readonly string[], serve: Serve): void
    /** From now on each answer is the last one of its connection, so that balancers take theirs elsewhere before the server closes. */
    leave(): void
    /**
     * After `leave`: resolves when no request has come for `forMs`, those for the health of the server aside, at the latest after `withinMs`. Time alone
     * says little: a process that waits for its turn at the processor told nobody yet that it leaves, and what was sent to it is still to be read.
     * @returns whether it was quiet
     */
    quiet(forMs: number, withinMs: number): Promise<boolean>
  }
}

/** Whoever asks for these is not waiting for an answer of the service. */
const HEALTH: readonly (string | undefined)[] = ['/healthz', '/readyz', '/metrics']
/** In each of which requests that wait on connections would be read. */
const LOOKS = 5

export interface DirectOptions {
  readonly log: Logger
  /** Writes a line for each answer, where such lines are written. */
  readonly answered: (answered: Answered) => void
  readonly trusts: TrustsPeer | undefined
  readonly idOf: (request: IncomingMessage) => string
}

/**
 * The direct paths of one server. A POST whose address is just the path is served in front of the router: for small requests the router's
 * machinery costs more than the answer. Everything else (other methods, a query, `inject`, a server that closes) comes by way of the router to
 * the same function.
 */
export class DirectPaths {
  readonly #options: DirectOptions
  readonly #paths = new Map<string | undefined, Serve>()
  #closing = false
  #leaving = false
  #late = 0

  constructor(options: DirectOptions) {
    this.#options = options
  }

  /** What a server listens with. */
  readonly createServer = (routed: RequestListener, settings: HttpSettings): Server => {
    const server = new PatientServer({ ...settings.http, IncomingMessage: DirectRequest }, (request, response) => {
      if (this.#leaving) {
        response.shouldKeepAlive = false
        if (!HEALTH.includes(request.url)) this.#late += 1
      }
      const serve = request.method === 'POST' && !this.#closing ? this.#paths.get(request.url) : undefined
      if (serve === undefined) routed(request, response)
      else this.#serve(serve, request, response)
    })
    server.keepAliveTimeout = settings.keepAliveTimeout ?? server.keepAliveTimeout
    server.requestTimeout = settings.requestTimeout ?? server.requestTimeout
    return server
  }

  /** Before any other hook of the server. */
  addTo(server: FastifyInstance): void {
    const add = this.#paths
    const options = this.#options
    server.decorate('direct', function (this: FastifyInstance, path: string, methods: readonly string[], serve: Serve) {
      if (methods.includes('POST')) add.set(path, serve)
      this.route({
        method: [...methods],
        url: path,
        onRequest(request, reply) {
          reply.hijack()
          serve(new Arrival(request.raw, reply.raw, request.id, options))
        },
        handler: () => Promise.reject(new Error('a direct path is served before its handler')),
      })
    })
    server.decorate('leave', () => {
      this.#leaving = true
    })
    server.decorate('quiet', async (forMs: number, withinMs: number) => {
      const end = performance.now() + withinMs
      let [seen, calm] = [this.#late, 0]
      while (calm < LOOKS && performance.now() < end) {
        await pause(forMs / LOOKS)
        calm = this.#late === seen ? calm + 1 : 0
        seen = this.#late
      }
      return calm === LOOKS
    })
    server.addHook('preClose', async () => {
      this.#closing = true
      this.#leaving = true
    })
  }

  #serve(serve: Serve, request: IncomingMessage, response: ServerResponse): void {
    const { log, idOf, answered } = this.#options
    const arrival = new Arrival(request, response, idOf(request), this.#options)
    if (log.isLevelEnabled('info')) {
      const began = performance.now()
      response.on('close', () => {
        const { id: reqId, asking, traceparent } = arrival
        const { method, path, status, durationMs } = factsOf(request, response, performance.now() - began)
        const { tenant, client } = asking ?? NOBODY
        answered({ reqId, tenant, client, method, path, status, durationMs, traceparent })
      })
    }
    serve(arrival)
  }
}

interface HttpSettings {
  readonly http?: object | null
  readonly keepAliveTimeout?: number
  readonly requestTimeout?: number
}

const NOBODY: Partial<Asking> = {}

/** What a line of the log says of any answer. */
export const factsOf = (
  { method, url = '' }: Pick<IncomingMessage, 'method' | 'url'>,
  { statusCode: status }: { readonly statusCode: number },
  ms: number,
): Pick<Answered, 'method' | 'path' | 'status' | 'durationMs'> => ({
  method,
  path: url.split('?', 1)[0] ?? '',
  status,
  durationMs: Math.round(ms * 10) / 10,
})
