import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { type Bus, busSchema, type IncomingMessage, openBus } from '@gatehouse/bus'
import { defineCatalog, defineResource, onEvent } from '@gatehouse/catalog'
import { Secret } from '@gatehouse/config'
import { defineEvent, STREAMS, systemClock } from '@gatehouse/contracts'
import { openDatabase } from '@gatehouse/database'
import { openKeyValue } from '@gatehouse/kv'
import { createMcpApp, mcpSchema, openSealers, type Recorder, resourceNames } from '@gatehouse/mcp'
import { parseProfile } from '@gatehouse/profiles'
import { createServer } from '@gatehouse/service'
import { createMetrics, silentLogger } from '@gatehouse/telemetry'
import { createTokenVerifier, localJwks } from '@gatehouse/token'
import { exportJWK, SignJWT } from 'jose'
import { z } from 'zod'

// The MCP node alone with many streams. Changes come from `/probe/publish` as the bus would bring them; `/probe/…` says what they cost.
const [tokenFile = '', port = '0'] = process.argv.slice(2)
const publicUrl = `http://127.0.0.1:${port}`
const log = silentLogger
const clock = systemClock
const SCOPE = 'bench:use'
const Touched = defineEvent('thing.touched', 1, z.object({ id: z.string() }))
const profile = parseProfile(
  JSON.stringify({
    name: 'bench',
    server: { name: 'bench', title: 'Bench', version: '1.0.0' },
    uriScheme: 'bench',
    catalogs: ['bench'],
    paths: { mcp: '/mcp' },
    scopes: [{ name: SCOPE, text: 'Use it' }],
    defaultScopes: [SCOPE],
    credentials: ['oauth'],
    roles: { member: [SCOPE] },
    plans: { all: ['all'], withMcp: ['all'] },
    limits: { requestsPerMinute: 1_000_000_000 },
    branding: { name: 'Bench' },
  }),
  'bench',
)
const catalog = defineCatalog<object>({
  name: 'bench',
  schema: { name: 'bench', role: 'gatehouse_mcp', migrations: new URL('./none/', import.meta.url) },
  tools: [],
  resources: [
    defineResource<object>()({
      name: 'thing',
      path: 'things/{id}',
      title: 'Thing',
      description: 'A thing.',
      mimeType: 'text/plain',
      scopes: [SCOPE],
      subscribable: true,
      read: async () => 'x',
    }),
  ],
  changes: [onEvent(Touched, ({ id }) => [`things/${id}`])],
  open: () => () => ({}),
  demo: async () => undefined,
})

const host = await openDatabase('pglite:')
await host.migrate([busSchema, mcpSchema])
const stored = await openBus('memory:', { database: host.as('gatehouse_bus') })
await stored.ensureStreams(Object.values(STREAMS))
let bring: (message: IncomingMessage) => void = () => undefined
const bus: Bus = {
  ...stored,
  driver: stored.driver,
  publish: async () => ({ sequence: 1, duplicate: false }),
  async follow(stream, options, handle) {
    if (stream !== STREAMS.domain.name) return stored.follow(stream, options, handle)
    bring = handle
    return { caughtUp: Promise.resolve(), position: 0, stop: async () => undefined }
  },
}
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }
const { resource } = resourceNames(publicUrl, profile)
const tenant = { tenant: 'tenant', slug: 'tenant', name: 'Tenant', plan: 'all', status: 'active' as const, mcp: true }
const feed = {
  current: <P>(principal: P): P => principal,
  revoked: () => false,
  tenant: () => tenant,
  tenantBySlug: () => tenant,
  freshness: () => 'fresh' as const,
  onRevocation: () => () => undefined,
  onTenant: () => () => undefined,
}
const db = host.as(mcpSchema.role)
const { sealers } = await openSealers({ db, secret: new Secret('only for benchmarks'), clock, log })
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
  catalogs: [{ catalog, domain: () => ({}) }],
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
  bus,
  kv: await openKeyValue('memory:'),
  recorder,
  clock,
  log,
  metrics: createMetrics({ process: false }),
  limits: { streamsPerNode: 20_000, streamsPerTenant: 20_000, streamsPerPrincipal: 20_000 },
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
  scope: SCOPE,
  tenant_id: 'tenant',
  roles: ['member'],
  grant_id: 'grant',
})
  .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
  .sign(keys.privateKey)
writeFileSync(tokenFile, token)

let sequence = 0
/** How long the loop is held by the publish itself, and the longest time it is not free in the second after it. */
async function publish(id: string): Promise<{ readonly publishMs: number; readonly stallMs: number }> {
  sequence += 1
  const event = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/bench',
    type: Touched.type,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    tenantid: 'tenant',
    data: { id },
  }
  const data = new TextEncoder().encode(JSON.stringify(event))
  const message = { subject: 'domain.tenant.thing.touched', sequence, time: new Date(), data, headers: {}, delivery: 1 }
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await new Promise((resolve) => setTimeout(resolve, 20))
  delay.reset()
  const began = performance.now()
  bring(message)
  const publishMs = performance.now() - began
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  delay.disable()
  // What a timer of one millisecond is late by nature is not ours.
  return { publishMs, stallMs: Math.max(0, delay.max / 1e6 - 1) }
}

const server = createServer({ log, metrics: createMetrics({ process: false }), ready: [] })
await server.register(mcp.app)
server.get('/probe/memory', async () => {
  for (let round = 0; round < 3; round += 1) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  return { rss: process.memoryUsage().rss, heap: process.memoryUsage().heapUsed, streams: mcp.openStreams }
})
server.get('/probe/publish', async (request) => publish(String((request.query as { id?: string }).id)))
await server.listen({ host: '127.0.0.1', port: Number(port) })
process.on('SIGTERM', () => process.exit(0))
