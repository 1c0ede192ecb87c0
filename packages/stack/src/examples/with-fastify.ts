import { systemClock as clock } from '@gatehouse/contracts'
import { silentLogger as log } from '@gatehouse/telemetry'
import { createTokenVerifier, remoteJwks } from '@gatehouse/token'
import Fastify, { type FastifyInstance } from 'fastify'

/** The same with Fastify: one hook for all routes. */
export function ownService(issuer: string, audience: string): FastifyInstance {
  const verifier = createTokenVerifier({
    jwks: remoteJwks(`${issuer}/.well-known/jwks.json`, { fetch, clock, log }),
    issuers: [issuer],
    audiences: [audience],
    clock,
  })
  const server = Fastify()
  server.decorateRequest('tenant', '')
  server.addHook('onRequest', async (request, reply) => {
    const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? []
    const verified = await verifier.verify(token)
    if (verified.ok) request.setDecorator('tenant', verified.principal.tenant)
    else return reply.code(verified.reason === 'unavailable' ? 503 : 401).send()
  })
  server.get('/', async (request) => ({ tenant: request.getDecorator<string>('tenant') }))
  return server
}
