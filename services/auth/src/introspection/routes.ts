import type { FastifyInstance } from 'fastify'
import type { AuthenticateService } from '../api-keys/assertion.ts'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import { readForm } from '../http/form.ts'
import type { Limiter } from '../http/limiter.ts'
import type { AuthenticateResource } from '../resources/authenticate.ts'
import type { Introspect } from './introspect.ts'

export const INTROSPECT_PATH = '/oauth/introspect'
export const INTERNAL_INTROSPECT_PATH = '/internal/v1/introspect'
const BODY_BYTES = 16 * 1024
/** For each resource, all its nodes together. */
const QUESTIONS = { limit: 60_000, windowMs: 60_000 }

/** Token introspection: for registered resources (RFC 7662), and for our own services, which no balancer forwards. */
export async function introspectionRoutes(
  server: FastifyInstance,
  deps: {
    readonly authenticateResource: AuthenticateResource
    readonly authenticate: AuthenticateService
    readonly introspect: Introspect
    readonly limiter: Limiter
  },
): Promise<void> {
  const { authenticateResource, authenticate, introspect, limiter } = deps
  answerErrors(server, answerJson)
  addEndpoint(server, {
    path: INTROSPECT_PATH,
    bodyLimit: BODY_BYTES,
    post: async (request, reply) => {
      const form = readForm(request)
      const resource = await authenticateResource(request, form)
      await limiter.need(`introspect:${resource.id}`, QUESTIONS)
      reply.header('cache-control', 'no-store')
      return introspect(form.need('token'), resource)
    },
  })
  addEndpoint(server, {
    path: INTERNAL_INTROSPECT_PATH,
    bodyLimit: BODY_BYTES,
    post: async (request, reply) => {
      await authenticate(request.headers.authorization)
      const body = request.body
      const token = typeof body === 'object' && body !== null && 'token' in body ? body.token : undefined
      if (typeof token !== 'string') throw new Refusal('request.malformed', { text: 'token is missing.' })
      reply.header('cache-control', 'no-store')
      return introspect(token, undefined)
    },
  })
}
