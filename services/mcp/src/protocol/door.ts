import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Admitted, Knock, Passed } from '../edge/guard.ts'
import type { RateLimit } from '../edge/limit.ts'
import { CODES, type Refused, refuseAtEdge } from '../errors.ts'
import type { Registry } from '../registry/build.ts'
import { type Answer, refusedAnswer } from './answer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the guard of the MCP endpoint. */
    mcpAdmitted: Admitted | null
  }
}

export interface DoorDeps {
  readonly guard: (knock: Knock) => Passed | Promise<Passed>
  readonly limit: RateLimit
  readonly registry: Registry
  readonly bodyBytes: number
  readonly allowedOrigins: ReadonlySet<string>
  /** An API key with this prefix may come as `?api_key=`; absent: none may. */
  readonly queryKeyPrefix: string | undefined
}

/**
 * What stands before every endpoint of this protocol: browsers, guard, and the error format. Meant for an encapsulated server of its own.
 * `more` is what else of a request its guard has to know.
 */
export function addDoor(
  server: FastifyInstance,
  deps: DoorDeps,
  paths: readonly string[],
  more: (request: FastifyRequest) => Partial<Knock> | Promise<Partial<Knock>>,
): void {
  server.decorateRequest('mcpAdmitted', null)
  server.removeAllContentTypeParsers()
  // The guard has settled the content type; the bytes are read here so that broken JSON gets the protocol's own error.
  server.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: deps.bodyBytes }, (_request, body, done) =>
    done(null, body),
  )
  const refuse = async (passed: Passed & { readonly ok: false }, reply: FastifyReply): Promise<void> => {
    const counted = passed.principal === undefined ? undefined : await deps.limit.take(passed.principal, 1)
    send(reply.headers(counted?.headers ?? {}), refusedAnswer(passed.refused))
  }
  // With a callback, since most requests are let in without waiting for anything.
  server.addHook('onRequest', (request, reply, done) => {
    const settle = (passed: Passed): void => {
      if (!passed.ok) {
        refuse(passed, reply).catch(done)
        return
      }
      request.mcpAdmitted = passed.admitted
      done()
    }
    const ask = (extra: Partial<Knock>): void => {
      const passed = deps.guard(Object.assign(knockOf(request, deps.queryKeyPrefix), extra))
      if (passed instanceof Promise) passed.then(settle).catch(done)
      else settle(passed)
    }
    allowBrowser(deps, request, reply)
    if (request.method === 'OPTIONS') return done()
    const extra = more(request)
    if (extra instanceof Promise) extra.then(ask).catch(done)
    else ask(extra)
  })
  server.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    if (request.mcpAdmitted !== null) reply.headers((await deps.limit.take(request.mcpAdmitted.principal, 1)).headers)
    return send(reply, refusedAnswer(refusedBy(error, request)))
  })
  for (const url of paths) {
    server.route({ method: 'OPTIONS', url, handler: (request, reply) => preflight(deps, request, reply) })
  }
}

/** Who was let in. */
export function admittedOf({ mcpAdmitted }: FastifyRequest): Admitted {
  if (mcpAdmitted === null) throw new Error('the guard let a request through without a principal')
  return mcpAdmitted
}

export const single = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value

const knockOf = (request: FastifyRequest, queryKeyPrefix: string | undefined): Knock => ({
  method: request.method,
  address: request.ip,
  host: request.host,
  origin: request.headers.origin,
  authorization: request.headers.authorization ?? keyInQuery(request, queryKeyPrefix),
  rawHeaders: request.raw.rawHeaders,
  contentType: request.headers['content-type'],
  contentEncoding: request.headers['content-encoding'],
})

/** Only a key: a token in a query is never one (OAuth 2.1 section 5.1). */
function keyInQuery({ query }: FastifyRequest, prefix: string | undefined): string | undefined {
  if (prefix === undefined) return undefined
  const { api_key: key } = query as Record<string, unknown>
  return typeof key === 'string' && key.startsWith(prefix) ? `Bearer ${key}` : undefined
}

function refusedBy(error: Error & { statusCode?: number }, request: FastifyRequest): Refused {
  if (error.statusCode === 413) return refuseAtEdge('body.too-large')
  if (error.statusCode === 415) return refuseAtEdge('type.unsupported')
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return { status: error.statusCode, code: CODES.invalidRequest, message: error.message }
  }
  request.log.error({ err: error }, 'MCP request failed')
  return { status: 500, code: CODES.internal, message: 'Internal error.', data: { requestId: request.id } }
}

export function send(reply: FastifyReply, answer: Answer): FastifyReply {
  return reply.code(answer.status).headers(answer.headers).send(answer.body)
}

const BROWSER_HEADERS =
  'Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id, Last-Event-ID'

function allowBrowser(deps: DoorDeps, request: FastifyRequest, reply: FastifyReply): boolean {
  const { origin } = request.headers
  if (origin === undefined || !deps.allowedOrigins.has(origin.toLowerCase())) return false
  reply.headers({
    'access-control-allow-origin': origin,
    'access-control-expose-headers':
      'WWW-Authenticate, Mcp-Session-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset',
    vary: 'Origin',
  })
  return true
}

function preflight(deps: DoorDeps, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (!allowBrowser(deps, request, reply)) return send(reply, refusedAnswer(refuseAtEdge('origin.refused')))
  return reply
    .code(204)
    .headers({
      'access-control-allow-methods': 'POST, GET, DELETE',
      'access-control-allow-headers': browserHeaders(deps.registry),
      'access-control-max-age': '7200',
    })
    .send()
}

/** What a browser may send: the fixed ones, and those that some tool mirrors an argument in. */
const browserHeaders = ({ tools }: Registry): string =>
  [
    BROWSER_HEADERS,
    ...new Set([...tools.values()].flatMap(({ mirrored }) => mirrored.map(({ header }) => header))),
  ].join(', ')
