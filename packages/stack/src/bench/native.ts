import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { busSchema, openBus } from '@gatehouse/bus'
import { Secret } from '@gatehouse/config'
import { STREAMS, systemClock } from '@gatehouse/contracts'
import { openDatabase } from '@gatehouse/database'
import { openKeyValue } from '@gatehouse/kv'
import { createMcpApp, mcpSchema, openSealers, type Recorder, resourceNames } from '@gatehouse/mcp'
import { parseProfile } from '@gatehouse/profiles'
import { createServer } from '@gatehouse/service'
import { createLogger, createMetrics, silentLogger } from '@gatehouse/telemetry'
import { createTokenVerifier, localJwks } from '@gatehouse/token'
import { exportJWK, SignJWT } from 'jose'
import { benchCatalog } from './native-catalog.ts'
import type { NativeOptions } from './native-options.ts'

// The MCP node alone: token, gates, headers, validation, scope, schema of the answer. Without `full` limits are counted in memory, the bus says at
// once that an audit event is stored, and nothing is logged, so that what is measured is this code and not Redis or NATS.
const [given = '', port = '0'] = process.argv.slice(2)
const { tools, reads = false, tokenFile, audit, database, full } = JSON.parse(given) as NativeOptions
const publicUrl = `http://127.0.0.1:${port}`
const log = full === undefined ? silentLogger : createLogger('mcp')
const metrics = createMetrics({ process: full !== undefined })
const clock = systemClock
const profile = parseProfile(
  `
name: bench
server: { name: bench, title: Bench, version: 1.0.0 }
uriScheme: bench
catalogs: [bench]
paths: { mcp: /mcp }
scopes: [{ name: 'bench:use', text: Use it }]
defaultScopes: ['bench:use']
credentials: [oauth]
roles: { member: ['bench:use'] }
plans: { all: [all], withMcp: [all] }
limits: { requestsPerMinute: 1000000000 }
branding: { name: Bench }
`,
  'bench',
)

const host = await openDatabase(database)
await host.migrate([busSchema, mcpSchema])
const bus = await openBus(full?.nats ?? 'memory:', { database: host.as('gatehouse_bus'), logger: log, name: 'mcp' })
await bus.ensureStreams(Object.values(STREAMS))
const kv = await openKeyValue(full?.redis ?? 'memory:', { logger: log })
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
const { resource } = resourceNames(publicUrl, profile)
const tenant = { tenant: 'tenant', slug: 'tenant', name: 'Tenant', plan: 'all', status: 'active' as const, mcp: true }
const feed = {
  revoked: () => false,
  current: <P>(principal: P): P => principal,
  tenant: () => tenant,
  tenantBySlug: () => tenant,
  freshness: () => 'fresh' as const,
  onRevocation: () => () => undefined,
  onTenant: () => () => undefined,
}
const db = host.as(mcpSchema.role)
const { sealers } = await openSealers({ db, secret: new Secret('only for benchmarks'), clock, log })
const catalog = benchCatalog(tools, reads)
const recorder: Recorder = {
  off: true,
  record: async () => true,
  reachable: () => true,
  close: async () => undefined,
}
const mcp = createMcpApp({
  profile,
  publicUrl,
  issuer: publicUrl,
  node: 'bench',
  catalogs: [{ catalog, domain: catalog.open({ db }) }],
  verifier: createTokenVerifier({
    jwks: localJwks(() => ({ keys: [jwk] })),
    issuers: [publicUrl],
    audiences: [resource],
    clock,
    feed,
  }),
  feed,
  exchangeKey: async () => undefined,
  db,
  host,
  sealers,
  bus: full === undefined ? { ...bus, publish: async () => ({ sequence: 1, duplicate: false }) } : bus,
  kv,
  ...(audit ? {} : { recorder }),
  clock,
  log,
  metrics,
})
await mcp.caughtUp
const now = Math.floor(Date.now() / 1_000)
const token = await new SignJWT({
  iss: publicUrl,
  sub: 'person',
  aud: resource,
  client_id: 'client',
  iat: now,
  exp: now + 86_400,
  jti: randomUUID(),
  scope: 'bench:use',
  tenant_id: 'tenant',
  roles: ['member'],
  grant_id: 'grant',
})
  .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
  .sign(keys.privateKey)
writeFileSync(tokenFile, token)
const server = createServer({ log, metrics, ready: [] })
await server.register(mcp.app)
await server.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', () => process.exit(0))
