import type { FastifyInstance } from 'fastify'
import { Refusal } from '../errors.ts'
import { answerErrors, answerJson } from '../http/answer-errors.ts'
import { addEndpoint } from '../http/endpoint.ts'
import type { AuthenticateService } from './assertion.ts'
import type { ExchangeCredential } from './exchange.ts'

export const CREDENTIALS_PATH = '/internal/v1/credentials'

/** For our own services only: the table of public routes does not have this path, so no balancer forwards it. */
export async function internalRoutes(
  server: FastifyInstance,
  deps: { readonly authenticate: AuthenticateService; readonly exchange: ExchangeCredential },
): Promise<void> {
  const { authenticate, exchange } = deps
  answerErrors(server, answerJson)
  addEndpoint(server, {
    path: CREDENTIALS_PATH,
    bodyLimit: 8 * 1024,
    post: async (request, reply) => {
      await authenticate(request.headers.authorization)
      const body = request.body
      const credential = typeof body === 'object' && body !== null && 'credential' in body ? body.credential : undefined
      if (typeof credential !== 'string') throw new Refusal('request.malformed', { text: 'credential is missing.' })
      const facts = await exchange(credential)
      if (facts === undefined) throw new Refusal('credential.inactive')
      reply.header('cache-control', 'no-store')
      return facts
    },
  })
}
