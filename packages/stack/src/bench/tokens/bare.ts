import { randomUUID } from 'node:crypto'
import Fastify from 'fastify'
import { generateKeyPair, SignJWT } from 'jose'

// The baseline of the token endpoint: no client, no database, one ES256 signature over claims of the same size.
const [port = '0'] = process.argv.slice(2)
const { privateKey } = await generateKeyPair('ES256')
const server = Fastify({ logger: false })
server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
  done(null, Object.fromEntries(new URLSearchParams(body as string))),
)
server.post('/oauth/token', async () => {
  const now = Math.floor(Date.now() / 1_000)
  const claims = {
    iss: 'http://127.0.0.1:4000',
    sub: 'per_0123456789abcdefghij',
    aud: 'http://127.0.0.1:4000/mcp',
    client_id: 'cli_0123456789abcdefghij',
    iat: now,
    exp: now + 3_600,
    jti: randomUUID(),
    scope: 'mcp:read mcp:write',
    tenant_id: 'ten_0123456789abcdefghij',
    roles: ['member'],
    grant_id: 'gra_0123456789abcdefghij',
    auth_time: now,
  }
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'bench' })
    .sign(privateKey)
  return { access_token: token, token_type: 'Bearer', expires_in: 3_600, scope: claims.scope }
})
await server.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', () => void server.close().then(() => process.exit(0)))
