import { isUtf8 } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { createAnsweredLog, type Logger, type Metrics, type Tracing } from '@gatehouse/telemetry'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyPluginAsync,
  type FastifyReply,
  type FastifyRequest,
  LogController,
} from 'fastify'
import { trustOf } from './arrival.ts'
import { DirectPaths, factsOf } from './direct.ts'
import { addHealth, type Health, type ReadyCheck } from './health.ts'
import { followMethods } from './methods.ts'
import { requestIdOf } from './request-id.ts'
import { traceRequests } from './traced.ts'

/** A service's app: routes and hooks, nothing that listens. */
export type App = FastifyPluginAsync

export interface ServerOptions {
  readonly log: Logger
  readonly metrics: Metrics
  readonly ready: readonly ReadyCheck[]
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
  /** Where `/healthz`, `/readyz` and `/metrics` are instead of here. */
  readonly health?: Health | undefined
  /** Whether `X-Forwarded-*` of the peer is believed: addresses or CIDR ranges of known proxies. */
  readonly trustedProxies?: readonly string[]
  /** For how long a connection that waits is kept. Default: longer than common balancers keep theirs. */
  readonly keepAliveMs?: number
  /** Largest body in bytes; routes may lower it. */
  readonly bodyLimitBytes?: number
  /** Answers for a path that nobody serves, if it will. @returns whether it did */
  readonly notFound?: (request: FastifyRequest, reply: FastifyReply) => boolean
}

/** In which the whole of a request has to be there, so that nobody holds connections with half ones; an answer may take longer. */
const REQUEST_MS = 60_000

/** Longer than the idle time of common balancers (60 s), so that the balancer closes first and no request is lost. */
const KEEP_ALIVE_MS = 75_000

/**
 * The Fastify shell that all services share: request ids (a well-formed `X-Request-Id` is kept and echoed), plain errors,
 * `/healthz` (the process lives), `/readyz` (503 with the names of what is missing), `/metrics`, unless these have a port of their own.
 */
export function createServer(options: ServerOptions): FastifyInstance {
  const { log } = options
  const answered = createAnsweredLog(log)
  const direct = new DirectPaths({ log, answered, trusts: trustOf(options.trustedProxies), idOf: requestIdOf })
  const server = Fastify({
    serverFactory: direct.createServer,
    loggerInstance: options.log as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes ?? 1_048_576,
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    // Ids of clients may be URLs, and stand in paths of the admin API.
    routerOptions: { maxParamLength: 1_536 },
    requestIdHeader: false,
    genReqId: requestIdOf,
    keepAliveTimeout: options.keepAliveMs ?? KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    // What comes on a connection that was open before is answered, as the last on it: refused, it would be a call that failed.
    return503OnClosing: false,
    requestTimeout: REQUEST_MS,
    // Refusals before any route is found: a path that cannot be decoded, say.
    frameworkErrors: (error, request, reply: FastifyReply) => {
      reply.headers({ 'x-request-id': request.id, ...NO_SNIFFING })
      reply.code(error.statusCode ?? 400).send(problem('invalid_request', 'The request cannot be read.', request.id))
    },
    clientErrorHandler: refuseUnparsed,
  })
  direct.addTo(server)
  // Hooks with a callback: each async one would cost every request of every service two promises.
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
    done()
  })
  refuseOtherThanUtf8(server)
  server.addHook('onResponse', (request, reply, done) => {
    if (log.isLevelEnabled('info')) answered({ reqId: request.id, ...factsOf(request, reply.raw, reply.elapsedTime) })
    done()
  })
  const methodsAt = followMethods(server)
  server.setNotFoundHandler((request, reply) => {
    if (options.notFound?.(request, reply) === true) return
    const methods = methodsAt(request.url.split('?', 1)[0] ?? '')
    if (methods.length > 0 && !methods.includes(request.method)) {
      reply.code(405).header('allow', methods.join(', '))
      reply.send(problem('invalid_request', 'This method is not served at this path.', request.id))
      return
    }
    reply.code(404).send(problem('not_found', 'Nothing is served at this path.', request.id))
  })
  server.setErrorHandler((error: Error & { statusCode?: number; code?: string }, request, reply) => {
    const status = error.statusCode !== undefined && error.statusCode >= 400 ? error.statusCode : 500
    if (status >= 500) request.log.error({ err: error }, 'request failed')
    const [code, text] =
      status >= 500
        ? ['server_error', 'Something went wrong on our side. Try again.']
        : ['invalid_request', error.message]
    reply.code(status).send(problem(code, text, request.id))
  })
  timeRequests(server, options.metrics)
  traceRequests(server, options.tracing)
  if (options.health === undefined) addHealth(server, { metrics: options.metrics, checks: () => options.ready })
  else {
    const { health } = options
    health.ready(options.ready)
    server.addHook('preClose', async () => health.ends())
  }
  return server
}

/** What echoes a request is never taken for a page. */
const NO_SNIFFING = { 'x-content-type-options': 'nosniff' }

const problem = (error: string, description: string, requestId: string) => ({
  error,
  error_description: description,
  request_id: requestId,
})

/** JSON text is UTF-8 (RFC 8259 section 8.1); decoded leniently, two different bodies would look the same. */
function refuseOtherThanUtf8(server: FastifyInstance): void {
  const parse = server.getDefaultJsonParser('error', 'error')
  server.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (isUtf8(body)) return parse(request, body.toString('utf8'), done)
    done(Object.assign(new Error('The body is not UTF-8.'), { statusCode: 400 }))
  })
}

const UNPARSED: Readonly<Record<string, readonly [status: string, text: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The header is too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
}

/** Node names here whose answer is being written, and reads it itself where nobody hears `clientError`. */
type AnsweringSocket = Socket & { readonly _httpMessage?: ServerResponse | null }

/** Those that wait for an answer before they are refused. */
const unparsed = new WeakSet<Socket>()

/** What is not HTTP as we read it is refused on the socket: there is no request that could be answered. */
function refuseUnparsed(error: Error & { readonly code?: string }, socket: AnsweringSocket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  const answering = socket._httpMessage
  if (answering?.req.complete === true) {
    // What was asked before is answered first: this would be taken for its answer.
    if (unparsed.has(socket)) return
    unparsed.add(socket)
    answering.once('close', () => {
      unparsed.delete(socket)
      refuseUnparsed(error, socket)
    })
    return
  }
  const [status, text] = UNPARSED[error.code ?? ''] ?? ['400 Bad Request', 'The request cannot be read.']
  const id = randomUUID()
  const body = JSON.stringify(problem('invalid_request', text, id))
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    'x-request-id': id,
    ...NO_SNIFFING,
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  if (socket.writable && answering?.headersSent !== true)
    socket.write(`HTTP/1.1 ${status}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  socket.destroySoon()
}

/** How long each route takes to answer. Direct paths are counted by who serves them: what they answer does not pass here. */
function timeRequests(server: FastifyInstance, metrics: Metrics): void {
  const seconds = metrics.histogram('gatehouse_http_request_seconds', 'Time to answer a request.', [
    'method',
    'route',
    'status',
  ])
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    const status = `${Math.floor(reply.statusCode / 100)}xx`
    seconds.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000)
    done()
  })
}
