import { randomUUID } from 'node:crypto'
import type { Logger, Metrics } from '@gatehouse/telemetry'
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, LogController } from 'fastify'

/** A service's app: routes and hooks, nothing that listens. */
export type App = FastifyPluginAsync

/** One thing that must answer before requests may come. The name is shown by `/readyz`. */
export interface ReadyCheck {
  readonly name: string
  check(): Promise<void>
}

export interface ServerOptions {
  readonly log: Logger
  readonly metrics: Metrics
  readonly ready: readonly ReadyCheck[]
  /** Whether `X-Forwarded-*` of the peer is believed: addresses or CIDR ranges of known proxies. */
  readonly trustedProxies?: readonly string[]
  /** Largest body in bytes; routes may lower it. */
  readonly bodyLimitBytes?: number
}

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/**
 * The Fastify shell that all services share: request ids (a well-formed `X-Request-Id` is kept and echoed), plain errors,
 * `/healthz` (the process lives), `/readyz` (503 with the names of what is missing), `/metrics`.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const server = Fastify({
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id']
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID()
    },
    // Longer than the idle time of common balancers (60 s), so that the balancer closes first and no request is lost.
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
  })
  server.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  server.addHook('onResponse', async (request, reply) => {
    request.log.info(
      {
        method: request.method,
        path: request.url.split('?', 1)[0],
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime * 10) / 10,
      },
      'answered',
    )
  })
  server.setNotFoundHandler((request, reply) => {
    reply.code(404).send({
      error: 'not_found',
      error_description: 'Nothing is served at this path.',
      request_id: request.id,
    })
  })
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const status = error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500
    if (status >= 500) request.log.error({ err: error }, 'request failed')
    reply.code(status).send({
      error: status >= 500 ? 'server_error' : 'invalid_request',
      error_description: status >= 500 ? 'Something went wrong on our side. Try again.' : error.message,
      request_id: request.id,
    })
  })
  addHealth(server, options)
  return server
}

function addHealth(server: FastifyInstance, options: ServerOptions): void {
  server.get('/healthz', async () => ({ status: 'ok' }))
  server.get('/readyz', async (_request, reply) => {
    const results = await Promise.all(
      options.ready.map(async ({ name, check }) => ({
        name,
        error: await check().then(
          () => undefined,
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        ),
      })),
    )
    const missing = results.filter((result) => result.error !== undefined)
    reply.code(missing.length === 0 ? 200 : 503)
    return { status: missing.length === 0 ? 'ready' : 'not ready', missing }
  })
  server.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await options.metrics.expose()
    return reply.type(contentType).send(body)
  })
}
