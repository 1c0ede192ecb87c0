import { createServer, type Server } from 'node:http'
import { systemClock as clock } from '@gatehouse/contracts'
import { silentLogger as log } from '@gatehouse/telemetry'
import { createTokenVerifier, remoteJwks } from '@gatehouse/token'

/** A service of a company's own, on Node alone, that takes Gatehouse's access tokens. */
export function ownService(issuer: string, audience: string): Server {
  const verifier = createTokenVerifier({
    jwks: remoteJwks(`${issuer}/.well-known/jwks.json`, { fetch, clock, log }),
    issuers: [issuer],
    audiences: [audience],
    clock,
  })
  return createServer(async (request, response) => {
    const [, token = ''] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '') ?? []
    const verified = await verifier.verify(token)
    if (!verified.ok) {
      // `unavailable`: the keys cannot be had, which says nothing about the token.
      const status = verified.reason === 'unavailable' ? 503 : 401
      response.writeHead(status, { 'www-authenticate': 'Bearer error="invalid_token"' }).end()
      return
    }
    const { tenant, subject, scopes } = verified.principal
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ tenant, person: subject, mayWrite: scopes.has('mcp:write') }))
  })
}
