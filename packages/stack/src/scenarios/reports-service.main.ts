import { createServer } from 'node:http'
import { openBus } from '@gatehouse/bus'
import { systemClock as clock } from '@gatehouse/contracts'
import { createLogger } from '@gatehouse/telemetry'
import { createTokenVerifier, followFeed, remoteJwks } from '@gatehouse/token'

// A company's own service: an audience of its own, no framework, and of Gatehouse the verifier and the feed alone.
const { ISSUER = '', AUDIENCE = '', NATS_URL } = process.env
const log = createLogger('reports')
log.level = 'warn'
const bus = await openBus(NATS_URL, { logger: log, name: 'reports' })
const feed = await followFeed({ bus, clock, log })
const { verify } = createTokenVerifier({
  jwks: remoteJwks(`${ISSUER}/.well-known/jwks.json`, { fetch, clock, log }),
  issuers: [ISSUER],
  audiences: [AUDIENCE],
  clock,
  feed: feed.view,
})
await feed.ready()

const server = createServer(async (request, response) => {
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  const verified = token === undefined ? undefined : await verify(token)
  const say = (status: number, body: object) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  if (feed.view.freshness() === 'expired') return say(503, { error: 'revocations are not known' })
  if (verified === undefined) return say(401, { error: 'a token is needed' })
  if (!verified.ok) return say(verified.reason === 'unavailable' ? 503 : 401, { error: verified.reason })
  const { subject, kind, tenant, scopes } = verified.principal
  if (!scopes.has('reports:read')) return say(403, { error: 'insufficient_scope' })
  return say(200, { subject, kind, tenant })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`listening on ${typeof address === 'object' && address !== null ? address.port : 0}\n`)
})
process.on('SIGTERM', async () => {
  server.close()
  await feed.stop()
  await bus.close()
  process.exit(0)
})
