import { exportJWK, generateKeyPair } from 'jose'
import Provider, { type AdapterPayload } from 'oidc-provider'
import pg from 'pg'
import { PEER_TABLE, peerAdapter } from './peer-adapter.ts'

// The peer: `oidc-provider` with the same algorithm, rotation on, and its rows in the same PostgreSQL, as durable as ours.
const [database = '', port = '0'] = process.argv.slice(2)
const RESOURCE = 'http://127.0.0.1:4000/mcp'
const CLIENTS = { confidential: 'bench-service', secret: 'bench-secret-0123456789abcdef', public: 'bench-public' }

const pool = new pg.Pool({ connectionString: database, max: 10 })
await pool.query(PEER_TABLE)
// In the database like ours: a server that takes registrations cannot keep its clients in its configuration.
const clients = new (peerAdapter(pool))('Client')
const forever = Number.POSITIVE_INFINITY
await clients.upsert(
  CLIENTS.confidential,
  {
    client_id: CLIENTS.confidential,
    client_secret: CLIENTS.secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: [],
    token_endpoint_auth_method: 'client_secret_post',
  } as AdapterPayload,
  forever,
)
await clients.upsert(
  CLIENTS.public,
  {
    client_id: CLIENTS.public,
    grant_types: ['authorization_code', 'refresh_token'],
    redirect_uris: ['https://client.example/callback'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  } as AdapterPayload,
  forever,
)
const { privateKey } = await generateKeyPair('ES256', { extractable: true })
const provider = new Provider(`http://127.0.0.1:${port}`, {
  adapter: peerAdapter(pool),
  jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'ES256', use: 'sig', kid: 'bench' }] },
  clientDefaults: { id_token_signed_response_alg: 'ES256' },
  enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
  scopes: ['openid', 'offline_access', 'mcp:read'],
  rotateRefreshToken: true,
  findAccount: async (_context, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => RESOURCE,
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'mcp:read',
        audience: RESOURCE,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 3_600,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  ttl: { RefreshToken: 2_592_000, Grant: 2_592_000, ClientCredentials: 3_600 },
})
provider.on('server_error', (_context, error) => console.error(error))

/** A living refresh token, as a sign-in would have left it. */
async function newFamily(): Promise<string> {
  const client = await provider.Client.find(CLIENTS.public)
  if (client === undefined) throw new Error('the public client is missing')
  const grant = new provider.Grant({ accountId: 'person', clientId: CLIENTS.public })
  grant.addResourceScope(RESOURCE, 'mcp:read')
  const grantId = await grant.save()
  const token = new provider.RefreshToken({
    accountId: 'person',
    client,
    grantId,
    gty: 'authorization_code',
    scope: 'mcp:read',
    resource: RESOURCE,
  } as ConstructorParameters<typeof provider.RefreshToken>[0])
  return token.save()
}

provider.use(async (context, next) => {
  if (context.path !== '/families') return next()
  const count = Number(new URLSearchParams(context.querystring).get('count') ?? '1')
  context.body = await Promise.all(Array.from({ length: count }, newFamily))
})
const server = provider.listen(Number(port), '127.0.0.1')
process.on('SIGTERM', () => server.close(() => void pool.end().then(() => process.exit(0))))
