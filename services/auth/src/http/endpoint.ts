import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { Refusal } from '../errors.ts'

export type Handler = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

export interface Endpoint {
  readonly path: string
  readonly get?: Handler
  readonly post?: Handler
  readonly put?: Handler
  readonly delete?: Handler
  /** Any origin may call it from a browser, without cookies (Fetch, section 3.3). */
  readonly cors?: boolean
  readonly bodyLimit?: number
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** Serves a path: its methods, preflights where browsers may come, and 405 with `Allow` for all else (RFC 9110, 15.5.6). */
export function addEndpoint(server: FastifyInstance, endpoint: Endpoint): void {
  const { path, get, cors = false } = endpoint
  const changing = (['post', 'put', 'delete'] as const).flatMap((name) => {
    const handler = endpoint[name]
    return handler === undefined ? [] : [{ method: name.toUpperCase(), handler }]
  })
  const served = [
    ...(get ? ['GET', 'HEAD'] : []),
    ...changing.map(({ method }) => method),
    ...(cors ? ['OPTIONS'] : []),
  ]
  const common: Partial<RouteOptions> = {
    ...(endpoint.bodyLimit === undefined ? {} : { bodyLimit: endpoint.bodyLimit }),
    ...(cors ? { onRequest: async (_request, reply) => void reply.headers(ANY_ORIGIN) } : {}),
  }
  if (get) server.route({ ...common, method: 'GET', url: path, handler: get })
  for (const { method, handler } of changing) server.route({ ...common, method, url: path, handler })
  if (cors) {
    const methods = served.filter((method) => method !== 'OPTIONS').join(', ')
    server.route({
      ...common,
      method: 'OPTIONS',
      url: path,
      handler: async (_request, reply) =>
        reply
          .code(204)
          .headers({ ...PREFLIGHT, 'access-control-allow-methods': methods })
          .send(),
    })
  }
  const rest = METHODS.filter((method) => !served.includes(method))
  server.route({
    ...common,
    method: rest,
    url: path,
    // Before a body is read: what it holds does not matter.
    preParsing: async () => {
      throw new Refusal('method.refused', { headers: { allow: served.join(', ') } })
    },
    handler: async () => {
      throw new Refusal('method.refused', { headers: { allow: served.join(', ') } })
    },
  })
}

const ANY_ORIGIN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, Retry-After, DPoP-Nonce',
}

const PREFLIGHT = {
  // The SDK sends MCP-Protocol-Version on discovery; without it here browsers fail.
  'access-control-allow-headers': 'Authorization, Content-Type, Accept, DPoP, MCP-Protocol-Version',
  'access-control-max-age': '7200',
}
